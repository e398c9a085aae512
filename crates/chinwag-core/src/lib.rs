//! What chat means: the model, the ports, the owner and the other use cases, and the in-memory reference of each port.
