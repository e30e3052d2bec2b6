"""An MCP server: a model that answers people asks the documents here, and quotes what it is told.

Over stdio as `dragoman mcp`, and over streamable HTTP at `/mcp` of `dragoman serve`; docs/mcp.md says how to set it up.
"""

from ui.mcp_server.over_http import McpOverHttp
from ui.mcp_server.over_stdio import serve_mcp

__all__ = ["McpOverHttp", "serve_mcp"]
