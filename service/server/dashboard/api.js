/**
 * Requests to the server, one at a time. An answer with an ETag is cached and requested again with
 * If-None-Match: an answer that has not changed is the same object as before.
 */

const TIMEOUT_MS = 20_000;

/** The server refused a request; the message is the detail of its problem. */
export class Problem extends Error {
  constructor(status, body) {
    super(body?.detail || body?.title || `the server answered ${status}`);
    this.status = status;
  }
}

/** The server did not answer. */
export class Unreachable extends Error {}

/** @type {Map<string, {etag: string, body: any}>} */
const cache = new Map();

/** @type {Promise<unknown>} */
let last = Promise.resolve();

/**
 * The path of a study, or of something in it. Like every path of the page it is relative, so that
 * the page works behind a prefix, too.
 * @param {string} name
 * @param {string[]} parts
 */
export function studyPath(name, ...parts) {
  return ["studies", encodeURIComponent(name), ...parts].join("/");
}

/**
 * The JSON at a path.
 * @param {string} path
 * @returns {Promise<any>}
 */
export function get(path) {
  return inTurn(async () => {
    const cached = cache.get(path);
    const response = await request(path, {
      headers: cached ? { "If-None-Match": cached.etag } : {},
    });
    if (response.status === 304 && cached) return cached.body;
    const body = await read(response);
    const etag = response.headers.get("ETag");
    // A path with a query (trials since a revision) is requested once: caching it is no use.
    if (etag && !path.includes("?")) cache.set(path, { etag, body });
    return body;
  });
}

/**
 * Change the resource at a path.
 * @param {string} path
 * @param {object} change
 * @returns {Promise<any>}
 */
export function change(path, change) {
  return send("PATCH", path, change, {});
}

/**
 * Post to a path; a repeated delivery has no second effect.
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
export function post(path, body) {
  // crypto.randomUUID does not exist on pages loaded over plain HTTP from another machine.
  const key = `page-${Date.now()}-${Math.random()}`;
  return send("POST", path, body, { "Idempotency-Key": key });
}

/**
 * Remove the resource at a path.
 * @param {string} path
 * @returns {Promise<any>}
 */
export function remove(path) {
  return inTurn(async () => read(await request(path, { method: "DELETE" })));
}

function send(method, path, body, extraHeaders) {
  return inTurn(async () => {
    const headers = { "Content-Type": "application/json", ...extraHeaders };
    return read(await request(path, { method, headers, body: JSON.stringify(body) }));
  });
}

/** Drop cached answers under a path: it belongs to another study now. */
export function forget(path) {
  for (const key of cache.keys()) if (key.startsWith(path)) cache.delete(key);
}

/** Run after the request that is in flight, whether that succeeds or fails. */
function inTurn(work) {
  const result = last.then(work, work);
  last = result.catch(() => {});
  return result;
}

async function request(path, options) {
  try {
    return await fetch(path, {
      ...options,
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (error) {
    throw new Unreachable(
      error.name === "TimeoutError" ? "no answer in 20 s" : "the server does not answer",
    );
  }
}

async function read(response) {
  if (response.status === 204) return null;
  let body = null;
  try {
    body = await response.json();
  } catch {
    if (response.ok) throw new Unreachable("the answer is incomplete");
  }
  if (!response.ok) throw new Problem(response.status, body);
  return body;
}
