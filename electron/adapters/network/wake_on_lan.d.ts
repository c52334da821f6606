declare module 'wake_on_lan' {
  const wakeOnLan: {
    /** Takes 12 hex digits, or six pairs with one separator; throws on anything else. */
    createMagicPacket(mac: string): Buffer;
  };
  export default wakeOnLan;
}
