"""What switches and tools say of one cable: port 1 of the machine asked to port 2 of ``sw-2``."""

from __future__ import annotations

from typing import Any, Final

MAC = "0011.2233.4455"
NAPALM = {"Ethernet1": [{"hostname": "sw-2", "port": "Ethernet2"}]}
NAPALM_DETAIL = {
    "Ethernet1": [
        {
            "parent_interface": "",
            "remote_chassis_id": MAC,
            "remote_port": MAC,
            "remote_port_description": "Ethernet2",
            "remote_system_name": "sw-2",
            "remote_system_description": "",
            "remote_system_capab": ["bridge", "router"],
            "remote_system_enable_capab": ["bridge"],
        }
    ]
}
EOS = {
    "lldpNeighbors": [{"port": "Ethernet1", "neighborDevice": "sw-2", "neighborPort": "Ethernet2"}]
}
EOS_DETAIL = {
    "lldpNeighbors": {
        "Ethernet1": {
            "lldpNeighborInfo": [
                {
                    "chassisId": MAC,
                    "systemName": "sw-2",
                    "systemCapabilities": {"bridge": True, "router": False},
                    "managementAddresses": [{"addressType": "ipv4", "address": "10.0.0.2"}],
                    "neighborInterfaceInfo": {"interfaceId": '"Ethernet2"'},
                }
            ]
        },
        "Ethernet3": {"lldpNeighborInfo": []},
    }
}
JUNOS = {
    "lldp-neighbors-information": [
        {
            "lldp-neighbor-information": [
                {
                    "lldp-local-port-id": [{"data": "Ethernet1"}],
                    "lldp-local-parent-interface-name": [{"data": "-"}],
                    "lldp-remote-chassis-id": [{"data": "00:11:22:33:44:55"}],
                    "lldp-remote-port-description": [{"data": "Ethernet2"}],
                    "lldp-remote-system-name": [{"data": "sw-2"}],
                }
            ]
        }
    ]
}
NXOS = {
    "TABLE_nbor_detail": {
        "ROW_nbor_detail": {
            "chassis_id": MAC,
            "port_id": "Ethernet2",
            "l_port_id": "Ethernet1",
            "sys_name": "sw-2",
            "enabled_capability": "B",
            "mgmt_addr": "10.0.0.2",
        }
    }
}
NXOS_CDP = {
    "TABLE_cdp_neighbor_detail_info": {
        "ROW_cdp_neighbor_detail_info": [
            {
                "device_id": "sw-2(ABC1234)",
                "v4addr": "10.0.0.2",
                "v4mgmtaddr": "10.0.0.2",
                "capability": ["switch", "IGMP_cnd_filtering"],
                "intf_id": "Ethernet1",
                "port_id": "Ethernet2",
            }
        ]
    }
}
TEXTFSM = [
    {
        "LOCAL_INTERFACE": "Ethernet1",
        "CHASSIS_ID": MAC,
        "NEIGHBOR_PORT_ID": MAC,
        "NEIGHBOR_INTERFACE": "Ethernet2",
        "NEIGHBOR": "sw-2",
        "CAPABILITIES": "B",
        "MANAGEMENT_IP": "10.0.0.2",
    }
]
TEXTFSM_CDP = [
    {
        "local_interface": "Ethernet1",
        "neighbor_interface": "Ethernet2",
        "neighbor_name": "sw-2",
        "platform": "a switch",
        "capabilities": "Switch IGMP",
        "mgmt_address": "10.0.0.2",
        "interface_ipv6": [],
    }
]
ANSIBLE = {
    "ansible_facts": {
        "ansible_net_hostname": "SW-1",
        "ansible_net_all_ipv4_addresses": ["10.0.0.1", "127.0.0.1"],
        "ansible_net_neighbors": {"Ethernet1": [{"host": "sw-2", "port": "Ethernet2"}]},
    },
    "changed": False,
}
ALL: Final[dict[str, Any]] = {
    "napalm": NAPALM,
    "napalm detail": NAPALM_DETAIL,
    "nornir": {"lldp_neighbors_detail": NAPALM_DETAIL, "lldp_neighbors": NAPALM},
    "eos": EOS,
    "eos detail": EOS_DETAIL,
    "junos": JUNOS,
    "nxos": NXOS,
    "nxos cdp": NXOS_CDP,
    "textfsm": TEXTFSM,
    "textfsm cdp": TEXTFSM_CDP,
    "ansible": ANSIBLE,
}
