/**
 * The agent: registers the machine it runs on and every service that listens there.
 *
 * @module
 */

export { runAgent, type AgentOptions } from './run-agent.ts'
