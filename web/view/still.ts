import { Component, createElement, type ComponentType, type FunctionComponent } from 'preact'

/** The element, rendered again only when one of its props is another: where there are thousands, to compare costs less. */
export function still<Props extends object> (Inner: FunctionComponent<Props>): ComponentType<Props> {
  return class Still extends Component<Props> {
    override shouldComponentUpdate (next: Readonly<Props>): boolean {
      const last = this.props as Props
      return (Object.keys(next) as (keyof Props)[]).some((name) => name !== 'children' && next[name] !== last[name])
    }

    override render () {
      return createElement(Inner, this.props as Props)
    }
  }
}
