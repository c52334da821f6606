/** The gateway's port unless a person chooses another: Ollama's plus one. */
export const GATEWAY_PORT = 11_435;
