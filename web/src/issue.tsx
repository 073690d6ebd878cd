// Everything about one group of issues.
import { useState } from "preact/hooks";
import { Code, Excerpt } from "./code";
import { Copy, Place, Prose, Section, Severity, editorLink, sourceAddress } from "./controls";
import { type Group, type Issue, type Part, content, files, frameOf, head, issues, listing, nodesOfGroup, plural } from "./data";
import { Markdown } from "./markdown";
import { address } from "./route";
import { currentEditor } from "./settings";

const MOST_NODES = 12;

export function GroupDetail({ group, level = "h2" }: { group: Group; level?: "h1" | "h2" }) {
  const issue = head(group);
  const frame = frameOf(issue.own ?? issue.at);
  const library = issue.at !== issue.own ? frameOf(issue.at) : null;
  const Title = level;
  const meaning = content.severities.find((each) => each.name === issue.severity)?.meaning;
  return (
    <article class={`issue ${issue.severity}`} aria-labelledby={`title-${group.id}`}>
      <header>
        <div class="kind">
          <Severity name={issue.severity} />
          <span class="rule">
            {issue.code} {issue.name}
          </span>
          {group.times > 1 && <span class="dim">×{group.times}</span>}
          <span class="actions">
            <Copy text={`${location.href.split("#")[0]}${address("issues", group.id)}`} label="Copy link" />
            <Copy text={asText(group)} label="Copy as text" />
          </span>
        </div>
        <Title id={`title-${group.id}`} class="message">
          <Prose text={issue.message} />
        </Title>
        <p class="dim meaning">
          On other inputs: {meaning}.
        </p>
      </header>
      {frame && (
        <div class="where">
          <div class="bar">
            <Place frame={frame} editor={false} />
            <span class="actions">
              {!files[frame.file].path.startsWith("<") && (
                <a class="button" href={editorLink(frame)}>
                  Open in {currentEditor().name}
                </a>
              )}
              <a class="button" href={sourceAddress(frame)}>
                Source
              </a>
              <NodesLink group={group} />
              <Copy text={`${files[frame.file].path}:${frame.line}`} label="Copy path" />
            </span>
          </div>
          <Excerpt frame={frame} severity={issue.severity} />
        </div>
      )}
      {library && (
        <div class="where">
          <div class="bar">
            <span class="dim">in an installed package: </span>
            <Place frame={library} />
          </div>
          <Excerpt frame={library} severity={issue.severity} around={1} />
        </div>
      )}
      <Stack issue={issue} />
      <Facts issue={issue} group={group} />
      <ToWrite issue={issue} />
      <Meaning issue={issue} />
    </article>
  );
}

function NodesLink({ group }: { group: Group }) {
  const nodes = nodesOfGroup.get(group) ?? [];
  if (!listing || !nodes.length) return null;
  return (
    <a class="button" href={address("graph", listing.name[nodes[0]])}>
      {plural(nodes.length, "node")}
    </a>
  );
}

function Stack({ issue }: { issue: Issue }) {
  const above = issue.stack.slice(0, -1).reverse();
  if (!above.length) return null;
  return (
    <details class="fold">
      <summary>Called from {plural(above.length, "frame")}</summary>
      <ol class="stack">
        {above.map((number, at) => {
          const frame = frameOf(number)!;
          return (
            <li key={at}>
              <Place frame={frame} />
              <Excerpt frame={{ ...frame }} severity="" around={0} />
            </li>
          );
        })}
      </ol>
    </details>
  );
}

function Facts({ issue, group }: { issue: Issue; group: Group }) {
  const nodes = nodesOfGroup.get(group) ?? [];
  const own = listing ? nodes.map((number) => listing!.name[number]) : [];
  const names = own.length ? own : issue.node ? [issue.node] : [];
  const [all, show] = useState(false);
  const shown = all ? names : names.slice(0, MOST_NODES);
  const assumed = group.members.flatMap((number) => conditions(issues[number]));
  return (
    <dl class="facts">
      {assumed.length > 0 && (
        <>
          <dt>{assumed.length > 1 ? "Expressions" : "Expression"}</dt>
          <dd>
            <ul class="conditions">
              {assumed.slice(0, all ? undefined : 24).map(([expr, value], at) => (
                <li key={at}>
                  <code>{expr}</code>
                  {value && (
                    <>
                      {" "}
                      <span class="dim">was</span> <code>{value}</code>
                    </>
                  )}
                </li>
              ))}
              {!all && assumed.length > 24 && <li class="dim">and {assumed.length - 24} more</li>}
            </ul>
          </dd>
        </>
      )}
      {(issue.tree || issue.symbols.length > 0) && (
        <>
          <dt>Symbols</dt>
          <dd>{issue.tree ? <Tree part={issue.tree} issue={issue} /> : <Symbols issue={issue} />}</dd>
        </>
      )}
      {issue.locals.length > 0 && (
        <>
          <dt>Locals</dt>
          <dd>
            <table class="locals">
              <tbody>
                {issue.locals.map(([name, text]) => (
                  <tr key={name}>
                    <th scope="row">{name}</th>
                    <td>{text}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </dd>
        </>
      )}
      {group.modules.length > 0 && (
        <>
          <dt>{group.modules.length > 1 ? "Modules" : "Module"}</dt>
          <dd class="chips">
            {group.modules.map((name) => (
              <a key={name} class="chip" href={listing ? address("graph", `@${name}`) : address("issues", "", new URLSearchParams({ module: name }))}>
                {name || "(root)"}
              </a>
            ))}
          </dd>
        </>
      )}
      {names.length > 0 && (
        <>
          <dt>Nodes</dt>
          <dd class="chips">
            {shown.map((name) =>
              listing ? (
                <a key={name} class="chip" href={address("graph", name)}>
                  {name}
                </a>
              ) : (
                <code key={name}>{name}</code>
              ),
            )}
            {names.length > shown.length && (
              <button type="button" class="link" onClick={() => show(true)}>
                {names.length - shown.length} more
              </button>
            )}
          </dd>
        </>
      )}
    </dl>
  );
}

function conditions(issue: Issue): [string, string][] {
  if (issue.instances.length) return issue.instances;
  return issue.expr ? [[issue.expr, issue.value ?? ""]] : [];
}

function Symbols({ issue }: { issue: Issue }) {
  return (
    <ul class="tree">
      {issue.symbols.map((each) => {
        const frame = frameOf(each.frame);
        return (
          <li key={each.name}>
            <code>{each.name}</code> <span class="dim">=</span> {frame ? <a href={sourceAddress(frame)}>{each.origin}</a> : each.origin}
          </li>
        );
      })}
    </ul>
  );
}

function Tree({ part, issue }: { part: Part; issue: Issue }) {
  const missing = issue.symbols.filter((each) => !mentions(part, each.name));
  return (
    <>
      <ul class="tree">
        <Branch part={part} issue={issue} />
      </ul>
      {missing.length > 0 && <Symbols issue={{ ...issue, symbols: missing }} />}
    </>
  );
}

function Branch({ part, issue }: { part: Part; issue: Issue }) {
  const symbol = issue.symbols.find((each) => each.name === part.text);
  const frame = frameOf(symbol?.frame ?? null);
  return (
    <li>
      <code>{part.text}</code>
      {part.how && (
        <>
          {" "}
          <span class="dim">=</span> {frame ? <a href={sourceAddress(frame)}>{part.how}</a> : part.how}
        </>
      )}
      {part.parts && (
        <ul>
          {part.parts.map((each, at) => (
            <Branch key={at} part={each} issue={issue} />
          ))}
        </ul>
      )}
    </li>
  );
}

const mentions = (part: Part, name: string): boolean =>
  part.text === name || (part.parts ?? []).some((each) => mentions(each, name));

function ToWrite({ issue }: { issue: Issue }) {
  const instead = content.rules[issue.code]?.sections["Use instead"];
  if (!issue.write.length && !instead) return null;
  return (
    <Section title="What to write">
      {issue.write.map((each) => (
        <div class="write" key={each.title}>
          <div class="bar">
            <span>{each.title}</span>
            <Copy text={each.text} />
          </div>
          <Code text={each.text} />
        </div>
      ))}
      {instead && <Markdown text={instead} />}
    </Section>
  );
}

function Meaning({ issue }: { issue: Issue }) {
  const rule = content.rules[issue.code];
  if (!rule) return null;
  const rest = Object.entries(rule.sections).filter(([title]) => !["Why it matters", "Use instead"].includes(title));
  return (
    <Section title="What it means">
      <Markdown text={rule.sections["Why it matters"] ?? ""} />
      <details class="fold">
        <summary>
          The rule {issue.code} {rule.name}
        </summary>
        {rest.map(([title, text]) => (
          <div key={title}>
            <h3>{title}</h3>
            <Markdown text={text} />
          </div>
        ))}
      </details>
    </Section>
  );
}

/** The group for a message or an issue tracker. */
export function asText(group: Group): string {
  const issue = head(group);
  const frame = frameOf(issue.own ?? issue.at);
  const lines = [`${issue.code} ${issue.name} (${issue.severity})${group.times > 1 ? ` ×${group.times}` : ""}`, issue.message];
  if (frame) lines.push(`${files[frame.file].name}:${frame.line}${frame.function ? ` in ${frame.function}` : ""}`, `    ${frame.source.trim()}`);
  for (const each of issue.symbols) lines.push(`${each.name} = ${each.origin}`);
  for (const each of issue.write) lines.push(`${each.title}: ${each.text}`);
  return lines.join("\n");
}
