import type { ClientRequest } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Ends a request with an error of ours, so that its caller learns of it at once and nothing goes
 * out that has not gone out yet.
 *
 * `request.destroy()` alone leaves a socket that was just dialled to its connection, and a request
 * without a socket to its agent: Node tells it of its end when the agent has found one.
 *
 * @param dialled - the socket whose dial began last; it is ended only if it is the request's
 */
export function endRequest(
  request: ClientRequest,
  error: Error,
  dialled: Socket | undefined,
): void {
  request.destroy(error)
  if (dialled !== undefined && isSocketOf(request, dialled)) {
    dialled.destroy(error)
  } else if (leaveQueue(request)) {
    answerNow(request, error)
  } else if (isWithoutSocket(request)) {
    // A socket out of the pool is given to the request in a tick that is due before this one.
    process.nextTick(() => {
      if (!request.closed && isWithoutSocket(request)) answerNow(request, error)
    })
  }
}

/** A socket says whose it is since it was given away (Node 24.21, 26.10); else its agent has it. */
function isSocketOf(request: ClientRequest, socket: Socket): boolean {
  const holder: unknown = Reflect.get(socket, '_httpMessage') ?? undefined
  return holder === undefined ? socketsOf(request).includes(socket) : holder === request
}

/** Whether the agent still owes the request a socket; without an agent there is none to wait for. */
function isWithoutSocket(request: ClientRequest): boolean {
  if (request.socket instanceof Object || agentOf(request) === undefined) return false
  return !socketsOf(request).some((socket) => isSocketOf(request, socket))
}

/** Does at once what Node does as soon as there is a socket, and keeps Node from doing it then. */
function answerNow(request: ClientRequest, error: Error): void {
  // The second argument is what agents hand over an error with (Node 24.21, 26.10).
  const onSocket: unknown = Reflect.get(request, 'onSocket')
  if (typeof onSocket === 'function') Reflect.apply(onSocket, request, [undefined, error])
  request.onSocket = (socket: Socket | undefined) => {
    socket?.destroy()
  }
}

/** Node would open a connection for a request that waits, although it has ended. */
function leaveQueue(request: ClientRequest): boolean {
  const queues = agentOf(request)?.requests ?? {}
  for (const [name, queue] of Object.entries(queues)) {
    const at = queue.indexOf(request)
    if (at === -1) continue
    queue.splice(at, 1)
    // Node's agent takes the first one of each queue that there is.
    if (queue.length === 0) Reflect.deleteProperty(queues, name)
    return true
  }
  return false
}

function socketsOf(request: ClientRequest): readonly Socket[] {
  return Object.values(agentOf(request)?.sockets ?? {}).flat()
}

/** The lists of an agent, as Node's own has them; another one may have none. */
interface Agent {
  readonly sockets?: Readonly<Record<string, readonly Socket[]>>
  readonly requests?: Record<string, ClientRequest[]>
}

function agentOf(request: ClientRequest): Agent | undefined {
  return (Reflect.get(request, 'agent') ?? undefined) as Agent | undefined
}
