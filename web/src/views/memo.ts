/** Views that are made anew only when what they are given changes. */

import { Component, type ComponentChild, type FunctionComponent, h } from "preact";

/** Makes a view that is skipped while its properties are the same ones. */
export function memo<P extends object>(view: FunctionComponent<P>): new () => Component<P> {
  return class extends Component<P> {
    override shouldComponentUpdate(next: Readonly<P>): boolean {
      const keys = new Set([...Object.keys(this.props), ...Object.keys(next)]) as Set<keyof P>;
      return [...keys].some((key) => key !== "children" && this.props[key] !== next[key]);
    }

    override render(props: P): ComponentChild {
      return h(view as FunctionComponent, props);
    }
  };
}
