"""The HTTP side of every listener: routes as data, one middleware stack, one error shape."""
