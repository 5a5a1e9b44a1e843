// Puts a text on the clipboard, also where the page may not write there unasked
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

// Puts a text on the clipboard, and shows on the button that asked for it that this is done
function copyFor(button, text) {
  return copy(text).then(() => {
    if (!button.classList.contains("mk-copy")) button.textContent = "copied";
    button.dataset.done = "true";
    setTimeout(() => { delete button.dataset.done; }, 2_000);
  });
}
