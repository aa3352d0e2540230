"""Debian's nginx as a gateway: where it is, and the `[gateway]` that runs it. Not installed by tests: `.ci/run` does.

Each node writes its own nginx.conf from `nginx.conf.in`, which lies beside hactl.toml: RunningFleet(files=FILES).
"""

import json
import os
import shutil

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
"""Its path; None when there is none."""
MISSING = "needs nginx, which is not installed here: apt-get install nginx-light"
TEMPLATE = """\
worker_processes 2;
pid @DIR@/nginx.pid;
error_log stderr;
events { worker_connections 512; }
http {
    access_log off;
    client_body_temp_path @DIR@/body;
    proxy_temp_path @DIR@/proxy;
    fastcgi_temp_path @DIR@/fastcgi;
    uwsgi_temp_path @DIR@/uwsgi;
    scgi_temp_path @DIR@/scgi;
    server {
        listen 127.0.0.1:@PORT@ backlog=1024;
        location / { return 200 "nginx"; }
    }
}
"""

FILES = {"nginx.conf.in": TEMPLATE}
"""What must lie beside hactl.toml."""


def gateway(*, foreground: bool = True, stop_signal: str = "QUIT") -> str:
    """The tables of a fleet whose nodes are nginx; without `foreground` each makes a daemon of itself."""
    stay = " -g 'daemon off;'" if foreground else ""
    fill = "sed -e 's#@PORT@#{port}#g' -e 's#@DIR@#{dir}#g' nginx.conf.in >{dir}/nginx.conf"
    argv = ["sh", "-c", f"{fill} && exec {NGINX} -e stderr -c {{dir}}/nginx.conf{stay}"]
    libraries = os.environ.get("LD_LIBRARY_PATH")
    env = f"env = {{ LD_LIBRARY_PATH = {json.dumps(libraries)} }}\n" if libraries else ""
    return f'[gateway]\nkind = "command"\ncommand = {json.dumps(argv)}\nstop_signal = "{stop_signal}"\n{env}'
