// Python with its syntax highlighted. The highlighter's tokens become elements; no text is ever read as HTML.
import hljs from "highlight.js/lib/core";
import python from "highlight.js/lib/languages/python";
import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { type Frame, files } from "./data";

hljs.registerLanguage("python", python);

/** A piece of a line, and what it is: `keyword`, `string`. */
export type Token = [string, string];

interface Tree {
  scope?: string;
  language?: string;
  children: (Tree | string)[];
}

/** The lines of a text, as tokens. */
export function highlighted(text: string): Token[][] {
  const lines: Token[][] = [[]];
  const walk = (node: Tree | string, scope: string): void => {
    if (typeof node !== "string") {
      for (const child of node.children) walk(child, node.scope ?? scope);
      return;
    }
    node.split("\n").forEach((piece, at) => {
      if (at) lines.push([]);
      if (piece) lines[lines.length - 1].push([piece, scope]);
    });
  };
  const result = hljs.highlight(text, { language: "python", ignoreIllegals: true }) as unknown as {
    _emitter: { rootNode: Tree };
  };
  walk(result._emitter.rootNode, "");
  return lines;
}

const ofFile = new Map<number, Token[][]>();

export function fileLines(file: number): Token[][] | null {
  const text = files[file].text;
  if (text === null) return null;
  let found = ofFile.get(file);
  if (!found) ofFile.set(file, (found = highlighted(text.replace(/\r\n?/g, "\n"))));
  return found;
}

/** One line. The characters from `start` to `end` are marked. */
export function Line({ tokens, start, end }: { tokens: Token[]; start?: number | null; end?: number | null }) {
  const parts: VNode[] = [];
  let at = 0;
  const add = (text: string, scope: string, marked: boolean) => {
    if (!text) return;
    const name = scope && `t-${scope.split(".")[0]}`;
    parts.push(marked ? <mark class={name}>{text}</mark> : <span class={name}>{text}</span>);
  };
  for (const [text, scope] of tokens) {
    const from = start == null || end == null ? Infinity : Math.max(0, start - at);
    const to = end == null ? Infinity : Math.max(0, end - at);
    add(text.slice(0, Math.min(from, text.length)), scope, false);
    add(text.slice(Math.min(from, text.length), Math.min(to, text.length)), scope, true);
    add(text.slice(Math.max(Math.min(to, text.length), Math.min(from, text.length))), scope, false);
    at += text.length;
  }
  return <>{parts}</>;
}

/** A block of code that is no part of a file. */
export function Code({ text }: { text: string }) {
  const lines = useMemo(() => highlighted(text), [text]);
  return (
    <pre class="code" tabIndex={0}>
      <code>
        {lines.map((tokens, at) => (
          <div key={at}>
            <Line tokens={tokens} />
            {"\n"}
          </div>
        ))}
      </code>
    </pre>
  );
}

/** A frame's statement with the lines around it; the line alone where the file is not known. */
export function Excerpt({ frame, severity, around = 3 }: { frame: Frame; severity: string; around?: number }) {
  const lines = useMemo(() => fileLines(frame.file) ?? highlighted(frame.source).map((each) => each), [frame]);
  const whole = files[frame.file].text !== null;
  if (!whole && !frame.source.trim()) return null;
  const from = whole ? Math.max(1, frame.first - around) : frame.line;
  const to = whole ? Math.min(lines.length, frame.last + around) : frame.line;
  const shown = lines.slice(whole ? from - 1 : 0, whole ? to : 1);
  const indent = Math.min(...shown.filter((each) => each.length).map((each) => leading(each)));
  return (
    <pre class={`code excerpt ${severity}`} tabIndex={0}>
      <code>
        {shown.map((tokens, at) => {
          const line = from + at;
          const inside = line >= frame.first && line <= frame.last;
          const cut = Number.isFinite(indent) ? without(tokens, indent) : tokens;
          const here = line === frame.line;
          return (
            <div key={line} class={here ? "here" : inside ? "inside" : ""}>
              <b>{line}</b>
              <Line
                tokens={cut}
                start={here && frame.column !== null ? frame.column - indent : null}
                end={here && frame.end !== null ? frame.end - indent : null}
              />
              {"\n"}
            </div>
          );
        })}
      </code>
    </pre>
  );
}

function leading(tokens: Token[]): number {
  const text = tokens.map(([piece]) => piece).join("");
  return text.trim() ? text.length - text.trimStart().length : Infinity;
}

function without(tokens: Token[], count: number): Token[] {
  const left: Token[] = [];
  for (const [text, scope] of tokens) {
    const cut = Math.min(count, text.length);
    count -= cut;
    if (text.length > cut) left.push([text.slice(cut), scope]);
  }
  return left;
}
