/** Why a module cannot be had, in the form that `this.error` of a hook takes. */
export class RemoteFailure extends Error {
  override readonly name: string = 'RemoteFailure'
  readonly code: string
  readonly fix: string
  readonly retryable: boolean

  constructor(
    code: string,
    message: string,
    fix: string,
    details: { readonly retryable?: boolean; readonly cause?: unknown } = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.fix = fix
    this.retryable = details.retryable ?? false
  }
}
