/** What a call reaches, as the edge that sees the call describes it. */
export type Target = HttpTarget | TcpTarget | ModuleTarget

/** One request. */
export interface HttpTarget {
  readonly kind: 'http'
  /** As `originOf()` makes it. */
  readonly origin: string
  readonly method: string
  /** The path with its query; it picks a route and never becomes a key. */
  readonly path: string
}

/** One connection: a host and its port, or the path of a Unix socket. */
export interface TcpTarget {
  readonly kind: 'tcp'
  /** `host:port`, IPv6 in brackets, or an absolute path. */
  readonly address: string
}

/** One import of a package that Node loads. */
export interface ModuleTarget {
  readonly kind: 'module'
  readonly packageName: string
  /** Undefined where its package.json has none. */
  readonly version: string | undefined
}
