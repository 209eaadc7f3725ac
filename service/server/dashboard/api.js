/**
 * Requests to the server, one at a time. An answer that carries an ETag is kept, and asked for
 * again with If-None-Match: what has not changed comes back as the very same object.
 */

const PATIENCE_MS = 20_000;

/** The server said no: the detail of its problem is meant for people. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `the server answered ${status}`);
    this.status = status;
  }
}

/** No answer came. */
export class Unreachable extends Error {}

/** @type {Map<string, {etag: string, body: any}>} */
const kept = new Map();

/** @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * The JSON at a path.
 * @param {string} path
 * @returns {Promise<any>}
 */
export function get(path) {
  return inTurn(async () => {
    const before = kept.get(path);
    const response = await ask(path, {
      headers: before ? { "If-None-Match": before.etag } : {},
    });
    if (response.status === 304 && before) return before.body;
    const body = await read(response);
    const etag = response.headers.get("ETag");
    // A question with a query ("what changed since …") is asked once: not worth keeping.
    if (etag && !path.includes("?")) kept.set(path, { etag, body });
    return body;
  });
}

/**
 * Change what is at a path.
 * @param {string} path
 * @param {object} change
 * @returns {Promise<any>}
 */
export function change(path, change) {
  return send("PATCH", path, change, {});
}

/**
 * Do something once at a path.
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export function post(path, body) {
  // crypto.randomUUID is missing on pages that came over plain HTTP from another machine.
  const key = `page-${Date.now()}-${Math.random()}`;
  return send("POST", path, body, { "Idempotency-Key": key });
}

function send(method, path, body, more) {
  return inTurn(async () => {
    const headers = { "Content-Type": "application/json", ...more };
    return read(await ask(path, { method, headers, body: JSON.stringify(body) }));
  });
}

/** Forget answers under a path: another study is there now. */
export function forget(path) {
  for (const each of kept.keys()) if (each.startsWith(path)) kept.delete(each);
}

/** Run after whatever runs now, however that ends. */
function inTurn(work) {
  const mine = last.then(work, work);
  last = mine.catch(() => {});
  return mine;
}

async function ask(path, options) {
  try {
    return await fetch(path, {
      ...options,
      cache: "no-store",
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
  } catch (error) {
    throw new Unreachable(
      error.name === "TimeoutError" ? "no answer in 20 s" : "the server does not answer",
    );
  }
}

async function read(response) {
  let body = null;
  try {
    body = await response.json();
  } catch {
    if (response.ok) throw new Unreachable("the answer broke off");
  }
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}
