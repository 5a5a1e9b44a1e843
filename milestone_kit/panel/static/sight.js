// The part of an element that can be seen, top and bottom: what cuts it off, and the window
function sight(el) {
  let { top, bottom } = el.getBoundingClientRect();
  for (let one = el.parentElement; one && one !== document.body; one = one.parentElement) {
    if (getComputedStyle(one).overflowY === "visible") continue;
    const box = one.getBoundingClientRect();
    [top, bottom] = [Math.max(top, box.top), Math.min(bottom, box.bottom)];
  }
  return [Math.max(top, 0), Math.min(bottom, window.innerHeight)];
}
