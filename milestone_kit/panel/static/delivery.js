// Takes a file up part by part, and saves it when it is whole. Each part becomes a Blob, which the browser
// may keep on disk.
function receiver(model, say) {
  let file = null;
  const save = ({ name, type, parts, said }) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(parts, { type }));
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    if (said) say(said);
  };
  return (message, buffers) => {
    if (message.kind === "download") file = { ...message, parts: [], size: 0 };
    if (!file || message.file !== file.file) return;
    if (message.kind === "part" && message.part === file.parts.length + 1) {
      file.parts.push(new Blob([buffers[0]]));
      file.size += buffers[0].byteLength;
      if (message.part > 1) say(`${file.name}: ${Math.round(file.size / 1e6)} MB so far`);
      model.send({ kind: "more", file: file.file, part: message.part });
    } else if (message.kind === "downloaded") {
      save(file);
      file = null;
    }
  };
}
