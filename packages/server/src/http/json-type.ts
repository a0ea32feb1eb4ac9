/** The content type of JSON that is sent as text or bytes; the framework says the same of what it encodes. */
export const JSON_TYPE = 'application/json; charset=utf-8'
