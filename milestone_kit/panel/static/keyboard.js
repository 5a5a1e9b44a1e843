// Keys pressed in the panel are the panel's: the notebook around it has commands on single letters.
// One Tab stop for each row of buttons and each check list; arrow keys go on from there.
const STEPS = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1, Home: -Infinity, End: Infinity };

function stops(group) {
  const all = group.querySelectorAll("button, input[type=checkbox]");
  return Array.from(all).filter((one) => !one.disabled && one.offsetParent !== null);
}

function rove(group, chosen) {
  const all = stops(group);
  const kept = chosen ?? all.find((one) => one.tabIndex === 0) ?? all[0];
  for (const one of all) one.tabIndex = one === kept ? 0 : -1;
}

// With Alt, arrows lead through the views; where they move by words instead, in the fields of a Mac, they stay
const WAYS = { ArrowLeft: "back", ArrowRight: "forward" };
const ON_MAC = /^Mac/.test(navigator.platform);

function isWay(event) {
  if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey || !WAYS[event.key]) return false;
  return !(ON_MAC && event.target.closest?.("input, textarea, select"));
}

// Makes the panel a world of its own for keys, tells of Escape and of the ways; returns what undoes it
function holdKeys(root, tell) {
  // JupyterLab and Notebook 7 look for this from the focused element outwards until a command fits, and
  // those of the notebook fit the focused element itself
  const shield = (event) => {
    event.target.dataset.lmSuppressShortcuts = "true";
  };
  root.tabIndex = -1;
  const settle = () => {
    for (const group of root.querySelectorAll(".mk-toolbar")) rove(group);
  };
  const pressed = (event) => {
    if (event.key === "Escape") {
      tell("close");
      return;
    }
    if (isWay(event)) {
      event.preventDefault(); // the browser's own history stays where it is
      event.stopPropagation();
      tell(WAYS[event.key]);
      return;
    }
    const group = event.target.closest?.(".mk-toolbar");
    const step = STEPS[event.key];
    if (!group || step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const all = stops(group);
    const at = all.indexOf(event.target);
    if (at < 0) return;
    event.preventDefault();
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
    rove(group, next);
    next.focus();
  };
  // a click on what takes no focus would leave it with the notebook's cell, and so the keys; plotly ends its
  // drags outside of the panel
  let began = false;
  const pressing = (event) => {
    began = root.contains(event.target);
  };
  const released = () => setTimeout(() => {
    if (began && !root.contains(document.activeElement)) root.focus({ preventScroll: true });
  }, 0);
  root.addEventListener("keydown", pressed);
  root.addEventListener("focusin", shield);
  document.addEventListener("pointerdown", pressing, true);
  document.addEventListener("pointerup", released, true);
  document.addEventListener("mouseup", released, true);
  // the chart, which changes with every hover, looks after its own
  const changes = new MutationObserver((seen) => {
    if (seen.some(({ target }) => !target.closest(".mk-figure"))) settle();
  });
  changes.observe(root, { childList: true, subtree: true });
  settle();
  return () => {
    changes.disconnect();
    root.removeEventListener("keydown", pressed);
    root.removeEventListener("focusin", shield);
    document.removeEventListener("pointerdown", pressing, true);
    document.removeEventListener("pointerup", released, true);
    document.removeEventListener("mouseup", released, true);
  };
}
