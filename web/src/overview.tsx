// What was exported, what came of it, and how.
import { Place, Prose, Section, Severity, Table } from "./controls";
import { content, frameOf, groupOf, groups, head, issues, listing, plural, severities } from "./data";
import { Row } from "./issues";
import { address } from "./route";

const MOST_ROWS = 12;

export function Overview() {
  return (
    <div class="overview">
      <Verdict />
      <Causes />
      <Traced />
      <Dimensions />
      <Branches />
      <Operators />
      <Cost />
    </div>
  );
}

function Verdict() {
  const counts = severities.map((name) => [name, issues.filter((each) => each.severity === name).length] as const);
  const worst = counts.find(([, count]) => count)?.[0];
  return (
    <section class={`verdict ${worst ?? "sound"}`}>
      <h1>{content.model}</h1>
      <p class="sentence">{sentence(worst)}</p>
      <ul class="counts">
        {counts
          .filter(([, count]) => count)
          .map(([name, count]) => (
            <li key={name}>
              <a href={address("issues", "", new URLSearchParams({ severity: name }))}>
                <b>{count}</b> <Severity name={name} />
              </a>
              <span class="dim">{content.severities.find((each) => each.name === name)?.meaning}</span>
            </li>
          ))}
      </ul>
      <Interface />
    </section>
  );
}

function sentence(worst: string | undefined): string {
  if (!worst) return "A sound program: right on every input it accepts, and nothing to report.";
  if (worst === "note") return "A sound program: right on every input it accepts.";
  if (worst === "baked") return "Can be silently wrong on other inputs: a value of the example was frozen.";
  return "Right on every input that it accepts; it raises on the others.";
}

/** The inputs and outputs of the program. */
function Interface() {
  if (!listing) return null;
  const inputs = listing.kind.flatMap((kind, at) => (kind === "input" && !listing!.graph[at] ? [at] : []));
  const end = listing.kind.findLastIndex((kind, at) => kind === "output" && !listing!.graph[at]);
  const outputs = end < 0 ? [] : listing.inputs[end];
  const shown = (numbers: number[]) =>
    numbers.slice(0, 12).map((at) => (
      <li key={at}>
        <a href={address("graph", listing!.name[at])}>{listing!.target[at].length < 60 ? listing!.name[at] : "…"}</a>
        <span class="dim">: {listing!.value[at] || "?"}</span>
      </li>
    ));
  return (
    <dl class="interface">
      <dt>Inputs</dt>
      <dd>
        <ul>{shown(inputs)}</ul>
      </dd>
      <dt>Outputs</dt>
      <dd>
        <ul>{shown(outputs)}</ul>
      </dd>
    </dl>
  );
}

function Causes() {
  if (!groups.length) return null;
  const order = [...groups].sort((a, b) => severities.indexOf(head(a).severity) - severities.indexOf(head(b).severity));
  const title = groups.length === issues.length ? plural(issues.length, "issue") : `${plural(issues.length, "issue")} of ${plural(groups.length, "cause")}`;
  return (
    <Section title={title} id="causes">
      <div class="rows wide">
        {order.slice(0, MOST_ROWS).map((group) => (
          <Row key={group.id} group={group} />
        ))}
      </div>
      {order.length > MOST_ROWS && (
        <p>
          <a href={address("issues")}>All {order.length} causes</a>
        </p>
      )}
    </Section>
  );
}

function Traced() {
  const at = content.rungs.findIndex((each) => each.name === content.rung);
  return (
    <Section title="How it was traced" id="traced">
      <ol class="rungs">
        {content.rungs.map((rung, number) => (
          <li key={rung.name} class={number === at ? "used" : number < at ? "failed" : "unused"} aria-current={number === at ? "step" : undefined}>
            <b>{rung.name}</b> <span class="dim">{rung.meaning}</span>
            {content.broken
              .filter((each) => each.rung === rung.name)
              .map((each, n) => (
                <p key={n} class="reason">{each.text}</p>
              ))}
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Dimensions() {
  const ranges = Object.entries(listing?.ranges ?? {});
  if (!content.dimensions.length && !ranges.length) return null;
  return (
    <Section title="Dynamic dimensions" id="dimensions">
      {content.dimensions.length > 0 && (
        <Table label="Dynamic dimensions" columns={["dimension", "requested", "got", "why"]}>
          {content.dimensions.map((each) => (
            <tr key={each.name}>
              <th scope="row">{each.name}</th>
              <td>{each.asked}</td>
              <td class={each.got === "dynamic" ? "good" : ""}>{each.got}</td>
              <td>{each.reason}</td>
            </tr>
          ))}
        </Table>
      )}
      {ranges.length > 0 && (
        <details class="fold" open={!content.dimensions.length}>
          <summary>{plural(ranges.length, "symbol")} and the values that the program accepts</summary>
          <ul class="ranges">
            {ranges.map(([name, range]) => (
              <li key={name}>
                <code>{name}</code> <span class="dim">∈</span> <code>{range}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}

function Branches() {
  if (!content.branches.length) return null;
  const kept = content.branches.filter((each) => each.kept).length;
  return (
    <Section title="Branches" id="branches" aside={<span class="dim">{kept} of {content.branches.length} with both sides in the program</span>}>
      <Table label="Branches" columns={["condition", "line", "on the example", "in the program"]}>
        {content.branches.map((each, at) => (
          <tr key={at}>
            <th scope="row">{each.cells[0]}</th>
            <td>{each.frame !== null ? <Place frame={frameOf(each.frame)!} editor={false} /> : each.cells[1]}</td>
            <td>{each.cells[2]}</td>
            <td class={each.kept ? "good" : "bad"}>{each.cells[3]}</td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Operators() {
  if (!content.operators.length) return null;
  return (
    <Section title="Custom operators" id="operators">
      <Table label="Custom operators" columns={["operator", "calls", "issues", "profiles"]}>
        {content.operators.map((each) => (
          <tr key={each.name}>
            <th scope="row">{each.name}</th>
            <td>{each.calls || ""}</td>
            <td>
              {[...new Set(each.issues.map((number) => groupOf[number]))].map((group) => (
                <a key={group.id} href={address("issues", group.id)}>
                  {head(group).code}{" "}
                </a>
              ))}
            </td>
            <td>
              {each.profiles.length > 0 && (
                <details>
                  <summary>{plural(each.profiles.length, "profile")}</summary>
                  <ul>
                    {each.profiles.map((text) => (
                      <li key={text}>
                        <code>{text}</code>
                      </li>
                    ))}
                  </ul>
                </details>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </Section>
  );
}

function Cost() {
  const total = content.phases.find(([name]) => name === "total")?.[1] ?? 0;
  const phases = content.phases.filter(([name]) => name !== "total");
  return (
    <Section title="Time and versions" id="cost">
      <div class="columns">
        {phases.length > 0 && (
          <table class="phases">
            <tbody>
              {phases.map(([name, seconds]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="bar">
                    <i style={{ width: `${total ? Math.min(100, (100 * seconds) / total) : 0}%` }} />
                  </td>
                  <td>{seconds.toFixed(seconds < 1 ? 3 : 2)} s</td>
                </tr>
              ))}
              <tr>
                <th scope="row">total</th>
                <td />
                <td>{total.toFixed(2)} s</td>
              </tr>
            </tbody>
          </table>
        )}
        <table class="locals">
          <tbody>
            {[...content.stats, ...Object.entries(content.versions)].map(([name, text]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {content.phases.some(([name]) => name === "eager") && (
        <p class="dim"><Prose text="`eager`, the model's own run, is also counted in the phase that started it." /></p>
      )}
    </Section>
  );
}
