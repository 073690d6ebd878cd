// The source files, with the issues of each line in the margin.
import { useEffect, useMemo, useRef } from "preact/hooks";
import { Line, type Token, fileLines, highlighted } from "./code";
import { Prose, Severity } from "./controls";
import { type Frame, type Group, files, frames, groupsAtLine, head, listing, nodesAtLine, plural, severities, worst } from "./data";
import { type Route, address } from "./route";
import { currentEditor } from "./settings";

interface Lined {
  number: number;
  tokens: Token[];
}

export function SourceView({ route }: { route: Route }) {
  const [name, line] = split(route.rest);
  const known = useMemo(filesInOrder, []);
  const file = known.find((each) => files[each].name === name) ?? known[0];
  if (file === undefined) return <p class="empty">The report names no line.</p>;
  return (
    <div class="source">
      <nav aria-label="Files" class="files">
        {known.map((each) => (
          <a key={each} href={address("source", files[each].name)} aria-current={each === file ? "true" : undefined} title={files[each].path}>
            <Severity name={worst(groupsOfFile(each).map((group) => head(group).severity))} short />
            <span>{files[each].name}</span>
            <span class="dim">{groupsOfFile(each).length || ""}</span>
          </a>
        ))}
      </nav>
      <File key={file} file={file} line={line} />
    </div>
  );
}

function split(rest: string): [string, number] {
  const found = rest.match(/^(.*?)(?::(\d+))?$/)!;
  return [found[1], Number(found[2] ?? 0)];
}

/** Files with issues first, then those with nodes. */
function filesInOrder(): number[] {
  const rank = (file: number) => {
    const found = severities.indexOf(worst(groupsOfFile(file).map((group) => head(group).severity)));
    return found < 0 ? severities.length : found;
  };
  return files.map((_, at) => at).sort((a, b) => rank(a) - rank(b) || a - b);
}

const ofFile = new Map<number, Group[]>();
function groupsOfFile(file: number): Group[] {
  if (!ofFile.size)
    for (const [place, found] of groupsAtLine) {
      const at = Number(place.split(":")[0]);
      ofFile.set(at, [...new Set([...(ofFile.get(at) ?? []), ...found])]);
    }
  return ofFile.get(file) ?? [];
}

function File({ file, line }: { file: number; line: number }) {
  const box = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => linesOf(file), [file]);
  useEffect(() => {
    const target = line || firstIssue(file);
    box.current?.querySelector(`[data-line="${target}"]`)?.scrollIntoView({ block: "center" });
  }, [file, line]);
  let before = 0;
  return (
    <div class="file" ref={box}>
      <header>
        <h1>{files[file].name}</h1>
        <span class="dim">{plural(groupsOfFile(file).length, "cause")}</span>
        {!files[file].path.startsWith("<") && (
          <a class="button" href={currentEditor().link(files[file].path, line || 1, 1)}>
            Open in {currentEditor().name}
          </a>
        )}
      </header>
      {files[file].text === null && (
        <p class="note">The file was not readable, or had changed, when this page was made. These are the lines that the report holds.</p>
      )}
      <div class="lines" role="region" aria-label="Source" tabIndex={0}>
        {lines.map((each) => {
          const gap = each.number > before + 1 && before > 0;
          before = each.number;
          return <SourceLine key={each.number} file={file} line={each} chosen={each.number === line} gap={gap && files[file].text === null} />;
        })}
      </div>
    </div>
  );
}

function linesOf(file: number): Lined[] {
  const whole = fileLines(file);
  if (whole) return whole.map((tokens, at) => ({ number: at + 1, tokens }));
  const known = new Map<number, string>();
  for (const frame of frames) if (frame.file === file) known.set(frame.line, frame.source || known.get(frame.line) || "");
  return [...known].sort((a, b) => a[0] - b[0]).map(([number, text]) => ({ number, tokens: highlighted(text)[0] }));
}

function firstIssue(file: number): number {
  const found = groupsOfFile(file).map((group) => lineIn(group, file));
  return Math.min(...found);
}

const lineIn = (group: Group, file: number): number => {
  const issue = head(group);
  const frame = [issue.own, issue.at].map((at) => (at === null ? null : frames[at])).find((each) => each?.file === file);
  return frame?.line ?? Infinity;
};

function SourceLine({ file, line, chosen, gap }: { file: number; line: Lined; chosen: boolean; gap: boolean }) {
  const found = groupsAtLine.get(`${file}:${line.number}`) ?? [];
  const nodes = nodesAtLine.get(`${file}:${line.number}`) ?? [];
  const marked = found.map((group) => markOf(group, file)).find((frame) => frame?.column != null);
  const severity = worst(found.map((group) => head(group).severity));
  return (
    <>
      {gap && <div class="gap">⋯</div>}
      <div class={`line ${severity} ${chosen ? "chosen" : ""}`} data-line={line.number}>
        <span class="margin">{severity && <Severity name={severity} short />}</span>
        <a class="number" href={address("source", `${files[file].name}:${line.number}`)}>
          {line.number}
        </a>
        <code>
          <Line tokens={line.tokens} start={marked?.column} end={marked?.end} />
          {"\n"}
        </code>
        {nodes.length > 0 && listing && (
          <a class="nodes" href={address("graph", listing.name[nodes[0]])} title={nodes.slice(0, 20).map((at) => listing!.name[at]).join(", ")}>
            {plural(nodes.length, "node")}
          </a>
        )}
      </div>
      {found.map((group) => (
        <a key={group.id} class={`remark ${head(group).severity}`} href={address("issues", group.id)}>
          <b>{head(group).code}</b> <Prose text={head(group).message} /> {group.times > 1 && <span class="dim">×{group.times}</span>}
        </a>
      ))}
    </>
  );
}

function markOf(group: Group, file: number): Frame | null {
  const issue = head(group);
  for (const at of [issue.at, issue.own]) if (at !== null && frames[at].file === file) return frames[at];
  return null;
}
