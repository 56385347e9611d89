import { isSomonError, type SomonError } from '../base/error.ts'
import type { EsbuildMessage, EsbuildPlugin } from './esbuild.ts'

/** A message as a callback returns it. */
interface ReturnedMessage {
  readonly text?: string | undefined
  readonly detail?: unknown
}

/**
 * Keeps the coded errors that plugins return from `onEnd`.
 *
 * esbuild 0.28 never puts the `detail` of such messages back: their place holds the number under
 * which it was put aside. The messages themselves pass `onEnd` of the plugin that comes last, so
 * there they are matched with what was remembered. They cannot be repaired in place: a kept
 * context sends them, numbers included, to esbuild's service.
 */
export class EndErrors {
  readonly #errors = new WeakMap<EsbuildMessage, SomonError>()

  /** Makes the memory of one build, with the plugin that has to come last in it. */
  build(): { readonly remember: RememberErrors; readonly last: EsbuildPlugin } {
    const remembered: SomonErrorByText[] = []
    const last: EsbuildPlugin = {
      name: 'somon-end',
      setup: (build) => {
        build.onEnd(({ errors }) => {
          for (const { text, error } of remembered.splice(0)) {
            const message = errors.find((one) => one.text === text && !this.#errors.has(one))
            if (message !== undefined) this.#errors.set(message, error)
          }
        })
      },
    }
    const remember: RememberErrors = (messages) => {
      for (const { text, detail } of messages ?? []) {
        if (isSomonError(detail)) remembered.push({ text: text ?? '', error: detail })
      }
    }
    return { remember, last }
  }

  /** Returns the messages of a failed build, each with the error it was made of. */
  restore(messages: readonly EsbuildMessage[]): readonly EsbuildMessage[] {
    return messages.map((message) => {
      const error = this.#errors.get(message)
      return error === undefined ? message : { ...message, detail: error }
    })
  }
}

/** Takes what an `onEnd` callback is about to return. */
export type RememberErrors = (messages: readonly ReturnedMessage[] | undefined) => void

interface SomonErrorByText {
  readonly text: string
  readonly error: SomonError
}
