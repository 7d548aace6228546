"""Goals pursued: by a language model that calls tools, with AutoGen, or by a declared plan."""
