import { type Chosen, droppedHandle, filesWithin } from "@/lib/handles";

/** All files of a drop, those within folders too. */
export async function droppedFiles(data: DataTransfer): Promise<Chosen[]> {
  // Both must be taken before the first wait: the browser empties the list after the event.
  const items = [...data.items]
    .filter(({ kind }) => kind === "file")
    .map((item) => ({ handle: droppedHandle(item), entry: item.webkitGetAsEntry?.() ?? null }));
  const plain = [...data.files].map(withoutHandle);
  if (items.every(({ entry }) => entry === null)) return plain;
  const found = items.map(async ({ handle, entry }) => {
    const known = await handle;
    if (known) return filesWithin(known);
    return entry ? (await filesOf(entry)).map(withoutHandle) : [];
  });
  return (await Promise.all(found)).flat();
}

export function withoutHandle(file: File): Chosen {
  return { file, handle: null };
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile)
    return [await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))];
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  // A reader gives a part at a time, until one is empty.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (part.length === 0) return found;
    found.push(...(await Promise.all(part.map(filesOf))).flat());
  }
}
