/** Sends together what is said in one turn: a message costs more than what is in it. */
export function inOneMessage<Message>(send: (messages: Message[]) => void): (message: Message) => void {
  let said: Message[] = [];
  return (message) => {
    said.push(message);
    if (said.length > 1) return;
    // The answers of one commit are resolved together, so the others follow before this.
    queueMicrotask(() => {
      const messages = said;
      said = [];
      send(messages);
    });
  };
}
