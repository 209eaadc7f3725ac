/**
 * When to refresh: soon after a change, less and less often while nothing changes or the server is
 * offline, and not at all while the page is hidden.
 */

const FASTEST_MS = 1_000;
const SLOWEST_MS = 10_000;

/**
 * The wait before the next refresh, in milliseconds.
 * @param {number} before  the last wait
 * @param {"changed" | "same" | "offline"} outcome  of the last refresh
 */
export function nextWait(before, outcome) {
  if (outcome === "changed") return FASTEST_MS;
  const factor = outcome === "offline" ? 2 : 1.5;
  return Math.min(SLOWEST_MS, Math.max(FASTEST_MS, before * factor));
}

let wake = () => {};
let isRequested = false;

/** Refresh at once, or once more after the refresh that is in progress. */
export function refreshNow() {
  isRequested = true;
  wake();
}

/**
 * Refresh for as long as the page is open.
 * @param {() => Promise<"changed" | "same">} refresh
 * @param {(error: Error, retryAt: number) => void} onOffline  called after a refresh that failed
 */
export async function poll(refresh, onOffline) {
  document.addEventListener("visibilitychange", () => document.hidden || refreshNow());
  window.addEventListener("online", refreshNow);
  let wait = 0;
  for (;;) {
    isRequested = false;
    while (document.hidden) await pause(Infinity);
    isRequested = false;
    try {
      wait = nextWait(wait, await refresh());
    } catch (error) {
      wait = nextWait(wait, "offline");
      onOffline(error, Date.now() + wait);
    }
    await pause(wait);
    if (isRequested) wait = 0;
  }
}

/** Wait, but no longer than until a refresh is requested. */
function pause(milliseconds) {
  if (isRequested) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : 0;
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
