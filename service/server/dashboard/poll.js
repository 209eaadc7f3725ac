/**
 * When to look: soon after a change, ever less often while nothing changes, with growing
 * patience while the server is away, and not at all while nobody can see the page.
 */

const FASTEST_MS = 1_000;
const SLOWEST_MS = 10_000;

/**
 * The wait before the next look.
 * @param {number} before  the last wait
 * @param {"changed" | "same" | "away"} outcome  of the last look
 */
export function nextWait(before, outcome) {
  if (outcome === "changed") return FASTEST_MS;
  const factor = outcome === "away" ? 2 : 1.5;
  return Math.min(SLOWEST_MS, Math.max(FASTEST_MS, before * factor));
}

let wake = () => {};
let isAsked = false;

/** Look at once; when a look is under way, once more after it. */
export function lookNow() {
  isAsked = true;
  wake();
}

/**
 * Look for ever.
 * @param {() => Promise<"changed" | "same">} look
 * @param {(error: Error, retryAt: number) => void} onAway  what to do when a look fails
 */
export async function poll(look, onAway) {
  document.addEventListener("visibilitychange", () => document.hidden || lookNow());
  window.addEventListener("online", lookNow);
  let wait = 0;
  for (;;) {
    isAsked = false;
    while (document.hidden) await pause(Infinity);
    isAsked = false;
    try {
      wait = nextWait(wait, await look());
    } catch (error) {
      wait = nextWait(wait, "away");
      onAway(error, Date.now() + wait);
    }
    await pause(wait);
    if (isAsked) wait = 0;
  }
}

/** Wait so long, or until somebody asks for a look. */
function pause(milliseconds) {
  if (isAsked) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = Number.isFinite(milliseconds) ? setTimeout(resolve, milliseconds) : 0;
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}
