import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { systemClock } from '../../base/clock.ts'
import type { CoveredAddresses } from './covered.ts'
import type { Edge, EdgeHost, EdgeOptions } from './edge.ts'
import { Dial } from './socket-dial.ts'
import { UnsupportedStages } from './unsupported.ts'

const CHANNEL = 'net.client.socket'

/**
 * Guards the connections that owners open beside the HTTP edges: those to declared addresses of
 * databases and brokers, and what bypasses the edges.
 *
 * Node tells of `net`, `tls`, HTTP/2 and Unix sockets alike, before they dial. Only the dial is
 * guarded: what is said on a connection is not the row's to know.
 *
 * @param covered - the addresses that the HTTP edges are calling now
 */
export function createSocketEdge(
  host: EdgeHost,
  covered: CoveredAddresses,
  { clock = systemClock }: EdgeOptions = {},
): Edge {
  return {
    install() {
      const parts = { host, covered, clock, unsupported: new UnsupportedStages(host, 'socket') }
      const onDial = (message: unknown): void => {
        const owner = host.ownerNow()
        if (owner !== undefined)
          new Dial((message as { socket: Socket }).socket, owner, parts).watch()
      }
      subscribe(CHANNEL, onDial)
      return { [Symbol.dispose]: () => unsubscribe(CHANNEL, onDial) }
    },
  }
}
