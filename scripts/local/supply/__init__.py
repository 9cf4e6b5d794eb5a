"""Where all that the local cluster runs comes from: Go modules, Debian packages and wheels, built once and cached."""
