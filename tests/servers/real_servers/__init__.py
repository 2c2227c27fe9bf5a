"""Real servers for tests, on 127.0.0.1, each started once a session and only when asked for."""
