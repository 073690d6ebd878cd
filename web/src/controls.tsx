// Small parts that every view uses.
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Frame, files, place } from "./data";
import { address } from "./route";
import { currentEditor } from "./settings";

export function Severity({ name, short }: { name: string; short?: boolean }) {
  return (
    <span class={`severity ${name}`}>
      <i aria-hidden="true" />
      {short ? <span class="hidden">{name}</span> : name}
    </span>
  );
}

/** A table of data, whose rows are given. It scrolls where it is wider than the page. */
export function Table({ label, columns, children }: { label: string; columns: string[]; children: ComponentChildren }) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table class="data">
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

/** A button that copies text; it says so for a moment. */
export function Copy({ text, label = "Copy" }: { text: string; label?: string }) {
  const [done, set] = useState("");
  const copy = async () => {
    set((await copied(text)) ? "Copied" : "Select and copy by hand");
    setTimeout(() => set(""), 1500);
  };
  return (
    <button type="button" class="copy" onClick={copy} aria-live="polite">
      {done || label}
    </button>
  );
}

async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea"); // a page from a file has no clipboard in some browsers
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

export const editorLink = (frame: Frame): string =>
  currentEditor().link(files[frame.file].path, frame.line, (frame.column ?? 0) + 1);

export const sourceAddress = (frame: Frame): string => address("source", `${files[frame.file].name}:${frame.line}`);

/** `model.py:16 in Net.forward`: a link to the line in the source view, and one that opens the editor. */
export function Place({ frame, editor = true }: { frame: Frame; editor?: boolean }) {
  const real = !files[frame.file].path.startsWith("<");
  return (
    <span class="place">
      <a href={sourceAddress(frame)}>{place(frame)}</a>
      {frame.function && <span class="dim"> in {frame.function}</span>}
      {editor && real && (
        <a class="editor" href={editorLink(frame)} title={`Open in ${currentEditor().name}`}>
          open
        </a>
      )}
    </span>
  );
}

export function Section({ title, id, children, aside }: {
  title: string;
  id?: string;
  children: ComponentChildren;
  aside?: ComponentChildren;
}) {
  return (
    <section id={id}>
      <header class="section">
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** Text with its `code` set as code. */
export function Prose({ text }: { text: string }) {
  return <>{text.split(/(`[^`]+`)/).map((part, at) => (at % 2 ? <code key={at}>{part.slice(1, -1)}</code> : part))}</>;
}
