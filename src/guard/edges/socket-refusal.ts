import type { Socket } from 'node:net'

/**
 * Refuses a dial from within its `connectionAttempt`, before anything goes out.
 *
 * Destroying the socket there makes Node throw, since it goes on to call the handle that is gone;
 * destroying it in a microtask lets the connection reach the server first (docs/notes/node.md). So
 * the handle of this one socket, which ends here, answers the call itself, with the error number of
 * a cancelled operation, which Node takes as any other failure to begin.
 */
export function refuseDial(socket: Socket, error: Error): void {
  const cancel = (): number => {
    // Node gives up the further addresses of a name only where it finds this.
    Reflect.set(socket, '_aborted', true)
    socket.destroy(error)
    return -process.getBuiltinModule('node:os').constants.errno.ECANCELED
  }
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle === 'object' && handle !== null) {
    Object.assign(handle, { connect: cancel, connect6: cancel })
  }
  // A Node that dials in another way must not let the call through.
  queueMicrotask(() => socket.destroy(error))
}
