// What is known of the selected node or module.
import { Copy, Place, Severity } from "../controls";
import { frameOf, groupOf, head, listing, plural, users } from "../data";
import { Code } from "../code";
import { address } from "../route";
import { sourceLine } from "./tree";
import { type Item, type Tree, nodesIn, pathOf } from "./tree";
import { itemAddress } from "./view";

const MOST = 16;

export function ItemPanel({ tree, item }: { tree: Tree; item: Item | null }) {
  if (!item)
    return (
      <aside class="panel" aria-label="Selection">
        <p class="dim">
          {plural(tree.root.size, "node")}. Select one to see its code, its values and its line. Colours show issues.
        </p>
      </aside>
    );
  return (
    <aside class="panel" aria-label="Selection">
      <nav class="crumbs" aria-label="Position">
        {pathOf(item)
          .slice(0, -1)
          .map((each) => (
            <span key={each.id}>
              <a href={itemAddress(each)}>{each.title.slice(0, 30) || "program"}</a>
              {" › "}
            </span>
          ))}
      </nav>
      {item.kind === "node" ? <NodePanel node={item.node} /> : <PartPanel item={item} />}
    </aside>
  );
}

function PartPanel({ item }: { item: Item }) {
  const nodes = nodesIn(item);
  const groups = new Set(nodes.flatMap((node) => listing!.issues[node].map((number) => groupOf[number])));
  const frame = item.kind === "line" ? frameOf(listing!.frame[nodes[0]]) : null;
  return (
    <>
      <h2>{item.title || "program"}</h2>
      <p class="dim">
        {[item.kind === "module" ? item.detail : item.kind, plural(item.size, "node")].filter(Boolean).join(" · ")}
      </p>
      {frame && <Place frame={frame} />}
      {groups.size > 0 && (
        <>
          <h3>Issues</h3>
          <Groups found={groups} />
        </>
      )}
      <h3>Nodes</h3>
      <Nodes found={nodes} />
    </>
  );
}

function Groups({ found }: { found: Set<(typeof groupOf)[number]> }) {
  return (
    <ul class="links">
      {[...found].map((group) => (
        <li key={group.id}>
          <a href={address("issues", group.id)}>
            <Severity name={head(group).severity} short /> {head(group).code} {head(group).expr ?? head(group).name}
          </a>
        </li>
      ))}
    </ul>
  );
}

function NodePanel({ node }: { node: number }) {
  const list = listing!;
  const frame = frameOf(list.frame[node]);
  const groups = new Set(list.issues[node].map((number) => groupOf[number]));
  const text = list.kind[node] === "call" ? `${list.name[node]} = ${list.target[node]}(${list.code[node]})` : list.target[node];
  const line = frame && sourceLine(frame.file, frame.line, frame.source);
  return (
    <>
      <h2>{list.name[node]}</h2>
      <p class="dim">
        {list.kind[node] === "call" ? list.target[node] : list.kind[node]}
        {list.graph[node] && ` in ${list.graph[node]}`}
      </p>
      {groups.size > 0 && <Groups found={groups} />}
      <dl class="facts">
        {list.value[node] && (
          <>
            <dt>Value</dt>
            <dd>
              <code>{list.value[node]}</code>
            </dd>
          </>
        )}
        {list.module[node] && (
          <>
            <dt>Module</dt>
            <dd>
              <a href={address("graph", `@${list.module[node]}`)}>{list.module[node]}</a> <span class="dim">{list.modules[list.module[node]]}</span>
            </dd>
          </>
        )}
        {frame && (
          <>
            <dt>Line</dt>
            <dd>
              <Place frame={frame} />
            </dd>
          </>
        )}
      </dl>
      {line && <Code text={line} />}
      <div class="bar">
        <h3>In the graph</h3>
        <Copy text={text} />
      </div>
      <Code text={text} />
      <h3>{plural(list.inputs[node].length, "input")}</h3>
      <Nodes found={list.inputs[node]} />
      <h3>{plural(users[node].length, "user")}</h3>
      <Nodes found={users[node]} />
    </>
  );
}

function Nodes({ found }: { found: number[] }) {
  const list = listing!;
  return (
    <ul class="links">
      {found.slice(0, MOST).map((node) => (
        <li key={node}>
          <a href={address("graph", list.graph[node] ? `#${node}` : list.name[node])}>{list.name[node]}</a> <span class="dim">{list.value[node]}</span>
        </li>
      ))}
      {found.length > MOST && <li class="dim">and {found.length - MOST} more</li>}
    </ul>
  );
}
