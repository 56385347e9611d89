import fc from 'fast-check'

// A mutant that a property kills it kills soon; one that survives must not cost 20,000 runs.
fc.configureGlobal({ interruptAfterTimeLimit: 300 })
