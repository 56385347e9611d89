export { SomonError } from './base/error.ts'
