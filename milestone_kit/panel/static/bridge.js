// What the kernel cannot see: the width there is, the theme, and whether anybody looks; the minutes pass
// only then. Also downloads and the clipboard.
const MINUTE = 60_000;
const SCORES_EVERY = 15_000; // live data trail by some seconds anyhow

function isDark() {
  return document.body.dataset.jpThemeLight === "false";
}

function say(el, words) {
  const note = document.createElement("span");
  note.className = "mk-note";
  note.textContent = words;
  el.replaceChildren(note);
  setTimeout(() => note.remove(), 4_000);
}

function render({ model, el }) {
  el.classList.add("mk-bridge");
  el.setAttribute("role", "status");
  let watcher = null;
  let timer = 0;
  let looked = false; // whether the panel is in sight
  let ticker = 0;
  let last = Date.now();
  let scorer = 0;
  let scored = -Infinity; // when scores were last asked for

  const measure = () => {
    const host = el.closest(".mk-main");
    if (host && host.clientWidth > 0) model.set("width", Math.floor(host.clientWidth));
    model.set("dark", isDark());
    model.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "");
    model.save_changes();
  };
  let release = [];
  const search = () => {
    const host = el.closest(".mk-main");
    const root = el.closest(".mk-explorer");
    if (!host || !root) {
      timer = setTimeout(search, 20); // not in its place yet
      return;
    }
    watcher = new ResizeObserver(measure);
    watcher.observe(host);
    sights.observe(host);
    release = [holdKeys(root, (kind) => model.send({ kind })), holdWheel(root)];
    measure();
  };
  const tick = () => {
    last = Date.now();
    model.send({ kind: "tick" });
    wait();
  };
  const wait = () => {
    clearTimeout(ticker);
    const seen = looked && document.visibilityState === "visible" && model.get("ticking");
    // a machine that slept wakes with its timers due
    if (seen) ticker = setTimeout(tick, MINUTE - (Date.now() % MINUTE));
  };
  const score = () => {
    scored = Date.now();
    model.send({ kind: "scores" });
    awaitScores();
  };
  const awaitScores = () => {
    clearTimeout(scorer);
    if (looked && document.visibilityState === "visible" && model.get("scoring"))
      scorer = setTimeout(score, Math.max(scored + SCORES_EVERY - Date.now(), 0));
  };
  const look = () => {
    wait();
    awaitScores();
    const due = Math.floor(Date.now() / MINUTE) !== Math.floor(last / MINUTE);
    if (due && looked && document.visibilityState === "visible" && model.get("ticking")) tick();
  };
  const sights = new IntersectionObserver((seen) => {
    looked = seen.at(-1).isIntersecting;
    look();
  });
  document.addEventListener("visibilitychange", look);
  model.on("change:ticking", look);
  model.on("change:scoring", awaitScores);
  const themes = new MutationObserver(measure);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  search();
  const take = receiver(model, (words) => say(el, words));
  const receive = (message, buffers) => {
    if (message.kind === "say") say(el, message.said);
    else if (message.kind === "copy") copy(message.text).then(() => say(el, message.said));
    else take(message, buffers);
  };
  model.on("msg:custom", receive);
  return () => {
    clearTimeout(timer);
    clearTimeout(ticker);
    clearTimeout(scorer);
    for (const one of release) one();
    document.removeEventListener("visibilitychange", look);
    sights.disconnect();
    model.off("change:ticking", look);
    model.off("change:scoring", awaitScores);
    themes.disconnect();
    watcher?.disconnect();
    model.off("msg:custom", receive);
  };
}

export default { render };
