/**
 * Views describe elements with h(); patch() makes a part of the page equal to the description and
 * keeps whatever is there already, so that focus, scroll and selection survive a rendering.
 * Text becomes text nodes: nothing here parses HTML.
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
 * Props are attributes, except: `key` (its identity among siblings), `on` (listeners by event),
 * `vars` (custom CSS properties), `held` (called with the element after each patch; its children
 * are then somebody else's).
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
 * Make the children of an element equal to the description.
 * @param {Element} parent
 * @param {Child[]} wanted
 */
export function patch(parent, wanted) {
  const keyed = new Map();
  for (const node of parent.children) if (node[KEY] != null) keyed.set(node[KEY], node);
  let next = parent.firstChild;
  for (const item of flatten(wanted)) {
    const node = fit(item, next, keyed);
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

/** The node that shows an item: the one at hand if it fits, one with its key, or a new one. */
function fit(item, at, keyed) {
  if (typeof item === "string") {
    if (at?.nodeType !== Node.TEXT_NODE) return document.createTextNode(item);
    if (at.data !== item) at.data = item;
    return at;
  }
  const own = item.key == null ? at : (keyed.get(item.key) ?? null);
  const fits = own?.localName === item.tag && (own[KEY] ?? null) === item.key;
  const node = fits ? own : create(item);
  setProps(node, item.props);
  if (item.props.held) item.props.held(node);
  else patch(node, item.children);
  // Once its options are there; a select without a value is the person's own.
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
    if (before[name] === props[name] || name === "held") continue;
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
