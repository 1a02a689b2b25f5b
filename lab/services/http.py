"""nginx: the shop's front door, the file server's downloads, and the internet's sites."""

from __future__ import annotations

from lab.machine import Machine

_FRAME = """\
user www-data;
worker_processes 1;
pid /run/nginx.pid;
daemon off;
error_log {errors};
events {{ worker_connections 512; }}
http {{
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  server_tokens off;
  client_max_body_size 600m;
  log_format short '$remote_addr "$request" $status $body_bytes_sent $request_time';
  access_log {accesses};
  keepalive_timeout 5s;
{servers}
}}
"""
_SYSLOG = "syslog:server=unix:/dev/log,facility=local7,tag=nginx,nohostname"

_SHOP = """\
  upstream shop {{ server {app}:8000 max_fails=0; }}
  server {{
    listen 80 default_server;
    root /srv/www;
    location /static/ {{ }}
    location / {{
      proxy_pass http://shop;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_connect_timeout 2s;
      proxy_read_timeout 6s;
    }}
  }}
"""
_FILES = """\
  server {
    listen 80 default_server;
    root /srv/www;
    location /upload/ { dav_methods PUT; create_full_put_path on; }
  }
"""


def _start(machine: Machine, servers: str, *, errors: str, accesses: str) -> None:
    machine.put(
        "/etc/nginx/lab.conf",
        _FRAME.format(servers=servers, errors=errors, accesses=accesses),
    )
    machine.run("mkdir", "-p", "/var/log/nginx", "/var/lib/nginx", "/srv/www/upload")
    machine.run("chown", "www-data", "/srv/www/upload", "/var/lib/nginx")
    machine.spawn("nginx", "nginx", "-c", "/etc/nginx/lab.conf")


def start_shop_front(machine: Machine, app: str) -> None:
    """Start the reverse proxy in front of the shop at ``app``, with some static files."""
    for name, size in (("site.css", 9_000), ("site.js", 42_000), ("logo.png", 15_000)):
        _fill(machine, f"/srv/www/static/{name}", size)
    _start(
        machine,
        _SHOP.format(app=app),
        errors=f"{_SYSLOG} warn",
        accesses=f"{_SYSLOG},severity=info short",
    )


def start_file_share(machine: Machine, documents: int) -> None:
    """Serve ``documents`` files of growing size, 40 kB to about 1.5 MB."""
    for number in range(documents):
        _fill(machine, f"/srv/www/docs/{number:02}.pdf", int(40_000 * 1.2**number))
    _start(machine, _FILES, errors=f"{_SYSLOG} warn", accesses="off")


def start_website(machine: Machine) -> None:
    """Serve pages as the internet would: many sizes, one large file, and room for uploads."""
    for number in range(20):
        _fill(machine, f"/srv/www/page/{number:02}.html", int(3_000 * 1.28**number))
    machine.run("truncate", "-s", "400M", "/srv/www/image.iso")
    _start(machine, _FILES, errors="/dev/null", accesses="off")


def _fill(machine: Machine, path: str, size: int) -> None:
    machine.put(path, b"<!-- lab -->\n" * (size // 13))
