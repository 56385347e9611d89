import type { BundleEvents, PluginEvents } from '../bundle/events.ts'
import type { CacheEvents } from '../cache/events.ts'
import type { EvaluateEvents } from '../evaluate/events.ts'
import type { GuardEvents } from '../guard/events.ts'
import type { LoadEvents } from '../load/events.ts'
import type { ModuleEvents } from '../module/events.ts'
import type { ResolveEvents } from '../resolve/events.ts'
import type { WatchEvents } from '../watch/events.ts'

/** Every event of a system, by name; `ModuleSystem.on()` subscribes to them. */
export interface SystemEvents
  extends
    ResolveEvents,
    BundleEvents,
    PluginEvents,
    CacheEvents,
    LoadEvents,
    EvaluateEvents,
    GuardEvents,
    ModuleEvents,
    WatchEvents {}
