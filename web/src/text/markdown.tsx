/** Simple Markdown as elements. Nothing that a message holds ever becomes markup: a token is an element of ours, or text. */

import { Lexer, type MarkedToken, Tokenizer, type Tokens } from "marked";
import type { ComponentChildren, JSX } from "preact";
import { safeLink } from "./links";

/** What a chat has no use for stays the text that it is. */
class Simple extends Tokenizer {
  override code(): undefined {}
  override heading(): undefined {}
  override lheading(): undefined {}
  override hr(): undefined {}
  override html(): undefined {}
  override def(): undefined {}
  override table(): undefined {}
  override tag(): undefined {}
  override reflink(): undefined {}
}

/** Renders the plain pieces of a text, such as for mentions. */
export type RenderText = (text: string) => ComponentChildren;

/** Returns a message's content as elements. */
export function markdown(content: string, text: RenderText = (plain) => plain): ComponentChildren {
  return blocks(tokensOf(content), text);
}

/** Reads a message's content. */
export function tokensOf(content: string): MarkedToken[] {
  return new Lexer({ gfm: true, breaks: true, tokenizer: new Simple() }).lex(content) as MarkedToken[];
}

function blocks(tokens: MarkedToken[], text: RenderText): ComponentChildren {
  return tokens.map((token) => block(token, text));
}

function block(token: MarkedToken, text: RenderText): ComponentChildren {
  switch (token.type) {
    case "space":
      return null;
    case "code":
      return (
        <pre tabIndex={0}>
          <code dir="ltr">{token.text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote dir="auto">{blocks(token.tokens as MarkedToken[], text)}</blockquote>;
    case "list":
      return list(token, text);
    case "paragraph":
      return <p dir="auto">{inlines(token.tokens as MarkedToken[], text)}</p>;
    case "text":
      return token.tokens ? inlines(token.tokens as MarkedToken[], text) : text(token.text);
    default:
      return <p dir="auto">{text(token.raw)}</p>;
  }
}

function list(token: Tokens.List, text: RenderText): JSX.Element {
  const items = token.items.map((item) => (
    <li>
      {item.task && <span aria-hidden="true">{item.checked ? "☑ " : "☐ "}</span>}
      {blocks(item.tokens as MarkedToken[], text)}
    </li>
  ));
  return token.ordered ? (
    <ol dir="auto" start={Number(token.start)}>
      {items}
    </ol>
  ) : (
    <ul dir="auto">{items}</ul>
  );
}

function inlines(tokens: MarkedToken[], text: RenderText): ComponentChildren {
  return tokens.map((token) => inline(token, text));
}

function inline(token: MarkedToken, text: RenderText): ComponentChildren {
  switch (token.type) {
    case "strong":
      return <strong>{inlines(token.tokens as MarkedToken[], text)}</strong>;
    case "em":
      return <em>{inlines(token.tokens as MarkedToken[], text)}</em>;
    case "del":
      return <del>{inlines(token.tokens as MarkedToken[], text)}</del>;
    case "codespan":
      return <code dir="ltr">{token.text}</code>;
    case "br":
      return <br />;
    case "escape":
      return text(token.text);
    case "link":
      return link(token, text);
    case "image":
      // Nothing is loaded from elsewhere on its own: an image is a link to it.
      return link({ ...token, type: "link", tokens: [] }, text);
    case "text":
      return token.tokens ? inlines(token.tokens as MarkedToken[], text) : text(token.text);
    default:
      return text(token.raw);
  }
}

function link(token: Tokens.Link, text: RenderText): ComponentChildren {
  const href = safeLink(token.href, token.text);
  if (!href) return text(token.raw);
  const inner = token.tokens.length > 0 ? inlines(token.tokens as MarkedToken[], text) : token.text || href;
  return (
    <a href={href} title={href} target="_blank" rel="noopener noreferrer nofollow">
      {inner}
    </a>
  );
}
