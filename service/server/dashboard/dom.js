/**
 * Rendering. Views describe elements with h(); patch() changes a part of the page to match the
 * description and keeps existing nodes, so that focus, scroll and selection survive a rendering.
 * Text becomes text nodes: no HTML is parsed.
 *
 * @typedef {Object} Element_
 * @property {string} tag
 * @property {string | number | null} key
 * @property {Object<string, any>} props
 * @property {Child[]} children
 * @typedef {Element_ | string | number | null | undefined | false | Child[]} Child
 */

const SVG = "http://www.w3.org/2000/svg";
const SVG_TAGS = new Set(["svg", "path", "circle", "rect", "g"]);

const KEY = Symbol("key");
const PROPS = Symbol("props");

/**
 * Describe an element.
 * Props are attributes, except: `key` (identity among siblings), `on` (listeners by event), `vars`
 * (custom CSS properties), `onPatch` (called with the element after each patch; patch() then leaves
 * its children alone).
 * @param {string} tag
 * @param {Object<string, any>} [props]
 * @param {...Child} children
 * @returns {Element_}
 */
export function h(tag, props = {}, ...children) {
  const { key = null, ...rest } = props;
  return { tag, key, props: rest, children };
}

/**
 * Change the children of an element to match the description.
 * @param {Element} parent
 * @param {Child[]} wanted
 */
export function patch(parent, wanted) {
  const keyed = new Map();
  for (const node of parent.children) if (node[KEY] != null) keyed.set(node[KEY], node);
  let next = parent.firstChild;
  for (const item of flatten(wanted)) {
    const node = nodeFor(item, next, keyed);
    if (node === next) next = node.nextSibling;
    else parent.insertBefore(node, next);
  }
  while (next) {
    const extra = next;
    next = next.nextSibling;
    extra.remove();
  }
}

/** @param {Child[]} items @returns {Generator<Element_ | string>} */
function* flatten(items) {
  for (const item of items) {
    if (Array.isArray(item)) yield* flatten(item);
    else if (typeof item === "number") yield String(item);
    else if (item) yield item;
  }
}

/** The node of an item: the current one if it matches, one with the item's key, or a new one. */
function nodeFor(item, current, keyed) {
  if (typeof item === "string") {
    if (current?.nodeType !== Node.TEXT_NODE) return document.createTextNode(item);
    if (current.data !== item) current.data = item;
    return current;
  }
  const existing = item.key == null ? current : (keyed.get(item.key) ?? null);
  const matches = existing?.localName === item.tag && (existing[KEY] ?? null) === item.key;
  const node = matches ? existing : create(item);
  setProps(node, item.props);
  if (item.props.onPatch) item.props.onPatch(node);
  else patch(node, item.children);
  // After its options exist. A select without a value keeps the user's choice.
  if (item.tag === "select" && "value" in item.props) node.value = item.props.value;
  return node;
}

function create({ tag, key }) {
  const node = SVG_TAGS.has(tag)
    ? document.createElementNS(SVG, tag)
    : document.createElement(tag);
  node[KEY] = key;
  node[PROPS] = {};
  return node;
}

function setProps(node, props) {
  const before = node[PROPS];
  for (const name of Object.keys({ ...before, ...props })) {
    if (before[name] === props[name] || name === "onPatch") continue;
    if (name === "on") setListeners(node, before.on, props.on);
    else if (name === "vars") setVariables(node, before.vars, props.vars);
    else setAttribute(node, name, props[name]);
  }
  node[PROPS] = props;
}

function setListeners(node, before = {}, listeners = {}) {
  for (const type of Object.keys({ ...before, ...listeners })) {
    node[`on${type}`] = listeners[type] ?? null;
  }
}

function setVariables(node, before = {}, variables = {}) {
  for (const name of Object.keys({ ...before, ...variables })) {
    if (before[name] !== variables[name]) node.style.setProperty(name, variables[name] ?? "");
  }
}

function setAttribute(node, name, value) {
  if (value == null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : value);
}
