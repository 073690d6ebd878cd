"""One file for each kind of model: small modules with an example and other inputs that eager takes."""
