// A chat server as the documentation of ws writes it: it broadcasts each message.
//
//   node naive_ws.js ADDRESS PORT

const { WebSocket, WebSocketServer } = require("ws");

const [host, port] = process.argv.slice(2);
const server = new WebSocketServer({ host, port });

server.on("connection", (member) => {
  member.send("welcome");
  member.on("message", (data, isBinary) => {
    for (const other of server.clients) {
      if (other !== member && other.readyState === WebSocket.OPEN) {
        other.send(data, { binary: isBinary });
      }
    }
  });
});
