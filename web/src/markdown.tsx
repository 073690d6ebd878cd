// The text of a rule's page. Its Markdown is read into tokens, and each becomes an element; HTML in it stays text.
import { marked, type Token, type Tokens } from "marked";
import { useMemo } from "preact/hooks";
import { Code } from "./code";

export function Markdown({ text }: { text: string }) {
  const tokens = useMemo(() => marked.lexer(text), [text]);
  return <div class="prose">{tokens.map((token, at) => <Block key={at} token={token} />)}</div>;
}

function Block({ token }: { token: Token }) {
  switch (token.type) {
    case "heading":
      return <h4><Inline tokens={token.tokens} /></h4>;
    case "paragraph":
      return <p><Inline tokens={token.tokens} /></p>;
    case "text":
      return token.tokens ? <Inline tokens={token.tokens} /> : <>{token.text}</>;
    case "code":
      return <Code text={token.text} />;
    case "list":
      return (
        <ul>
          {(token as Tokens.List).items.map((item, at) => (
            <li key={at}>{item.tokens.map((each, n) => <Block key={n} token={each} />)}</li>
          ))}
        </ul>
      );
    case "space":
      return null;
    default:
      return <p>{token.raw}</p>;
  }
}

function Inline({ tokens }: { tokens?: Token[] }) {
  return (
    <>
      {(tokens ?? []).map((token, at) => {
        if (token.type === "codespan") return <code key={at}>{token.text}</code>;
        if (token.type === "strong") return <strong key={at}><Inline tokens={token.tokens} /></strong>;
        if (token.type === "em") return <em key={at}><Inline tokens={token.tokens} /></em>;
        if (token.type === "escape") return <>{token.text}</>;
        if (token.type === "link") return <Inline key={at} tokens={token.tokens} />; // links of the docs lead nowhere here
        return <>{token.raw}</>;
      })}
    </>
  );
}
