"""Load tests: what is sent when, what came back, what that says, and how two runs differ."""
