"""What stands for API Gateway on `ministack`: finds the function behind a path as infra/gateway.json has it, and calls it with the event that API Gateway would send.

It listens as well, for those who ask from outside: the canary.
"""
import http.server
import json
import re
import threading

import cloud as clouds


class Gateway:
    """The API of a deployed cloud."""

    def __init__(self, cloud):
        self.cloud = cloud
        document = json.loads((clouds.ROOT / "infra" / "gateway.json").read_text())
        routes = [(path, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), methods) for path, methods in document["paths"].items()]
        # A path that is written out goes before one with a variable in it.
        self.routes = sorted(routes, key=lambda route: route[0].count("{"))
        # The example shows what API Gateway sends.
        self.example = (clouds.ROOT / "events" / "sessions.json").read_text()

    def ask(self, method, path, headers, query=None, body=None):
        """What the function behind a path answers, as it answers API Gateway."""
        resource, found, methods = next((resource, found, methods) for resource, pattern, methods in self.routes if (found := pattern.fullmatch(path)))
        uri = methods[method.lower()]["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
        function = self.cloud.outputs["FunctionsApi"][re.search(r"\$\{(\w+Arn)\}", uri)[1]]
        headers = {"Accept": "application/json", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "https"} | headers
        event = json.loads(self.example) | {
            "resource": resource, "path": path, "httpMethod": method, "pathParameters": found.groupdict() or None,
            "headers": headers, "multiValueHeaders": {key: [value] for key, value in headers.items()},
            "queryStringParameters": query, "multiValueQueryStringParameters": {key: [value] for key, value in (query or {}).items()} or None,
            "body": body,
        }
        event["requestContext"] |= {"resourcePath": resource, "httpMethod": method, "path": f"/live{path}"}
        event["requestContext"]["identity"]["sourceIp"] = "127.0.0.1"
        return self.cloud.invoke(function.rsplit(":", 1)[1].removeprefix(f"{self.cloud.prefix}-"), event)

    def listen(self):
        """Answers over HTTP from now on; says where."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
        server.gateway = self
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}"


class Listener(http.server.BaseHTTPRequestHandler):
    def answer(self):
        length = int(self.headers.get("Content-Length", 0))
        answer = self.server.gateway.ask(self.command, self.path, dict(self.headers), body=self.rfile.read(length).decode() if length else None)
        body = (answer.get("body") or "").encode()
        self.send_response(answer["statusCode"])
        for name, value in (answer.get("headers") or {}).items() | {("Content-Length", str(len(body)))}:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *_):
        pass
