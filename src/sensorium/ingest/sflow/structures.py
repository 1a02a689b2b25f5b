"""Counter structures: which metrics each field of each becomes.

sFlow version 5 section 5 (counter_data), sFlow Host Structures, sFlow Host TCP/IP Counters, sFlow
LAG Counters, optical interface, 802.11, OpenFlow, HTTP, application, memcache, Java, Open vSwitch,
NVML and Broadcom switch structures, queue lengths, energy and desktops, as
https://sflow.org/developers/structures.php lists them. Units are Prometheus' base units, so
milliseconds become seconds and kilobytes bytes; 32-bit counters begin anew at 2^32, which rates
take as a reset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

COUNTER: Final = "counter"
GAUGE: Final = "gauge"

# How a field's bytes are read.
WORD: Final = 0  # 4 bytes, unsigned
LONG: Final = 1  # 8 bytes, unsigned
FLOAT: Final = 2  # 4 bytes, IEEE 754; negative is unknown
BIT_0: Final = 3  # the lowest bit of 4 bytes
BIT_1: Final = 4  # the one above it
ONE: Final = 5  # nothing is read: the series' labels say it all
SIGNED: Final = 6  # 4 bytes, signed; the largest and the least odd number are unknown

# What beside the data source tells one record of a structure from another.
NOTHING: Final = 0
FIRST_WORD: Final = 1
WHOLE_RECORD: Final = 2
FIRST_STRING: Final = 3  # with its length before it; the fields follow
POSITION: Final = 4  # in the list that it is an item of


@dataclass(frozen=True, slots=True)
class Field:
    """One metric of a structure; ``offset`` in bytes, ``scale`` makes base units of the value."""

    offset: int
    read: int
    name: str
    kind: str
    scale: float = 1.0
    labels: tuple[tuple[str, str], ...] = ()

    @property
    def end(self) -> int:
        """Bytes that the record must have for this field to be there."""
        return self.offset + (0 if self.read == ONE else 8 if self.read == LONG else 4)


@dataclass(frozen=True, slots=True)
class Structure:
    """A counter structure; ``least`` bytes make one, later fields may be missing.

    ``format`` has the enterprise's number in its upper 20 bits (0 is sFlow.org itself). ``label``
    names what tells records apart: the first word or string, or the position. Lists follow the
    fields: of each how many items it has, and these, ``least`` bytes each.
    """

    format: int
    name: str
    least: int
    fields: tuple[Field, ...]
    told_by: int = NOTHING
    label: str = ""
    lists: tuple[Structure, ...] = ()

    @property
    def listed_from(self) -> int:
        """Bytes before the lists."""
        return self.least - 4 * len(self.lists)


def _laid_out(start: int, prefix: str, spec: str, scale: float = 1.0) -> tuple[Field, ...]:
    """Fields that follow each other: ``name`` 32 bits, ``name:8`` 64, ``-`` is passed over.

    Counters are those whose names end in ``_total``.
    """
    fields = []
    for word in spec.split():
        name, _, size = word.partition(":")
        if name != "-":
            kind = COUNTER if name.endswith("_total") else GAUGE
            fields.append(Field(start, LONG if size else WORD, prefix + name, kind, scale))
        start += 8 if size else 4
    return tuple(fields)


def _modes(
    start: int, name: str, label: str, modes: str, *, kind: str, scale: float
) -> tuple[Field, ...]:
    return tuple(
        Field(start + 4 * i, WORD, name, kind, scale, ((label, mode),))
        for i, mode in enumerate(modes.split())
        if mode != "-"
    )


_INTERFACE = "sflow_interface_"
_HOST = "sflow_host_"
_VIRTUAL = "sflow_virtual_"
_MILLI = 1e-3
_MICRO = 1e-6

_RECORDS: Final = (
    Structure(1, "if_counters", 88, (
        Field(4, WORD, _INTERFACE + "type", GAUGE),
        Field(8, LONG, _INTERFACE + "speed_bits_per_second", GAUGE),
        Field(16, WORD, _INTERFACE + "direction", GAUGE),
        Field(20, BIT_0, _INTERFACE + "admin_up", GAUGE),
        Field(20, BIT_1, _INTERFACE + "oper_up", GAUGE),
        *_laid_out(24, _INTERFACE,
            "in_octets_total:8 in_unicast_packets_total in_multicast_packets_total"
            " in_broadcast_packets_total in_discards_total in_errors_total"
            " in_unknown_protocols_total out_octets_total:8 out_unicast_packets_total"
            " out_multicast_packets_total out_broadcast_packets_total out_discards_total"
            " out_errors_total promiscuous"),
    ), FIRST_WORD, "ifindex"),
    Structure(2, "ethernet_counters", 52, _laid_out(0, "sflow_ethernet_",
        "alignment_errors_total fcs_errors_total single_collision_frames_total"
        " multiple_collision_frames_total sqe_test_errors_total deferred_transmissions_total"
        " late_collisions_total excessive_collisions_total internal_mac_transmit_errors_total"
        " carrier_sense_errors_total frame_too_longs_total internal_mac_receive_errors_total"
        " symbol_errors_total")),
    Structure(3, "tokenring_counters", 72, _laid_out(0, "sflow_tokenring_",
        "line_errors_total burst_errors_total ac_errors_total abort_trans_errors_total"
        " internal_errors_total lost_frame_errors_total receive_congestions_total"
        " frame_copied_errors_total token_errors_total soft_errors_total hard_errors_total"
        " signal_loss_total transmit_beacons_total recoveries_total lobe_wires_total"
        " removes_total singles_total frequency_errors_total")),
    Structure(4, "vg_counters", 80, _laid_out(0, "sflow_vg_",
        "in_high_priority_frames_total in_high_priority_octets_total:8"
        " in_normal_priority_frames_total in_normal_priority_octets_total:8"
        " in_ipm_errors_total in_oversize_frame_errors_total in_data_errors_total"
        " in_null_addressed_frames_total out_high_priority_frames_total"
        " out_high_priority_octets_total:8 transitions_into_training_total"
        " hc_in_high_priority_octets_total:8 hc_in_normal_priority_octets_total:8"
        " hc_out_high_priority_octets_total:8")),
    Structure(5, "vlan_counters", 28, _laid_out(0, "sflow_vlan_",
        "- octets_total:8 unicast_packets_total multicast_packets_total broadcast_packets_total"
        " discards_total"), FIRST_WORD, "vlan"),
    Structure(6, "ieee80211_counters", 80, _laid_out(0, "sflow_80211_",
        "transmitted_fragments_total multicast_transmitted_frames_total failed_total"
        " retries_total multiple_retries_total frame_duplicates_total rts_successes_total"
        " rts_failures_total ack_failures_total received_fragments_total"
        " multicast_received_frames_total fcs_errors_total transmitted_frames_total"
        " wep_undecryptable_total qos_discarded_fragments_total associated_stations"
        " qos_cf_polls_received_total qos_cf_polls_unused_total"
        " qos_cf_polls_unusable_total qos_cf_polls_lost_total")),
    Structure(7, "lag_port_stats", 56, _laid_out(16, "sflow_lag_",
        "attached_aggregator port_states in_lacpdus_total in_marker_pdus_total"
        " in_marker_response_pdus_total in_unknown_total in_illegal_total out_lacpdus_total"
        " out_marker_pdus_total out_marker_response_pdus_total")),
    Structure(10, "sfp", 20, (
        Field(8, WORD, "sflow_sfp_supply_voltage_volts", GAUGE, _MILLI),
        Field(12, SIGNED, "sflow_sfp_temperature_celsius", GAUGE, _MILLI),
        Field(4, WORD, "sflow_sfp_lanes", GAUGE),
    ), FIRST_WORD, "module", (
        Structure(10, "sfp lane", 40, (
            Field(4, WORD, "sflow_sfp_tx_bias_current_amperes", GAUGE, _MICRO),
            Field(8, WORD, "sflow_sfp_tx_power_watts", GAUGE, _MICRO),
            Field(12, WORD, "sflow_sfp_tx_power_min_watts", GAUGE, _MICRO),
            Field(16, WORD, "sflow_sfp_tx_power_max_watts", GAUGE, _MICRO),
            Field(20, WORD, "sflow_sfp_tx_wavelength_meters", GAUGE, 1e-9),
            Field(24, WORD, "sflow_sfp_rx_power_watts", GAUGE, _MICRO),
            Field(28, WORD, "sflow_sfp_rx_power_min_watts", GAUGE, _MICRO),
            Field(32, WORD, "sflow_sfp_rx_power_max_watts", GAUGE, _MICRO),
            Field(36, WORD, "sflow_sfp_rx_wavelength_meters", GAUGE, 1e-9),
        ), FIRST_WORD, "lane"),
    )),
    Structure(1001, "processor", 28, (
        *_modes(0, "sflow_processor_utilization_ratio", "window", "5s 1m 5m", kind=GAUGE,
                scale=1e-4),
        *_laid_out(12, "sflow_processor_memory_", "total_bytes:8 free_bytes:8"),
    )),
    Structure(1002, "radio_utilization", 12, _laid_out(0, "sflow_radio_",
        "elapsed_seconds_total on_channel_seconds_total on_channel_busy_seconds_total", _MILLI)),
    Structure(1003, "queue_length", 52, (
        *_laid_out(4, "sflow_queue_", "segment_bytes segments"),
        *_modes(12, "sflow_queue_packets_total", "length", "0 1 2 4 8 32 128 1024 more",
                kind=COUNTER, scale=1.0),
        *_laid_out(48, "sflow_queue_", "dropped_total"),
    ), FIRST_WORD, "queue"),
    Structure(1004, "of_port", 12, (Field(0, ONE, "sflow_openflow_port_info", GAUGE),),
              WHOLE_RECORD),
    Structure(1005, "port_name", 4, (Field(0, ONE, "sflow_port_info", GAUGE),), WHOLE_RECORD),
    Structure(2000, "host_descr", 36, (Field(0, ONE, "sflow_host_info", GAUGE),), WHOLE_RECORD),
    Structure(2001, "host_adapters", 4, (Field(0, ONE, "sflow_host_adapters_info", GAUGE),),
              WHOLE_RECORD),
    Structure(2002, "host_parent", 8, (Field(0, ONE, "sflow_host_parent_info", GAUGE),),
              WHOLE_RECORD),
    Structure(2003, "host_cpu", 68, (
        Field(0, FLOAT, _HOST + "load1", GAUGE),
        Field(4, FLOAT, _HOST + "load5", GAUGE),
        Field(8, FLOAT, _HOST + "load15", GAUGE),
        *_laid_out(12, _HOST, "processes_running processes cpus"),
        Field(24, WORD, _HOST + "cpu_frequency_hertz", GAUGE, 1e6),
        Field(28, WORD, _HOST + "uptime_seconds", GAUGE),
        *_modes(32, _HOST + "cpu_seconds_total", "mode", "user nice system idle iowait irq softirq",
                kind=COUNTER, scale=_MILLI),
        *_laid_out(60, _HOST, "interrupts_total context_switches_total"),
        *_modes(68, _HOST + "cpu_seconds_total", "mode", "steal guest guest_nice",
                kind=COUNTER, scale=_MILLI),
    )),
    Structure(2004, "host_memory", 72, _laid_out(0, _HOST,
        "memory_total_bytes:8 memory_free_bytes:8 memory_shared_bytes:8 memory_buffers_bytes:8"
        " memory_cached_bytes:8 swap_total_bytes:8 swap_free_bytes:8 pages_in_total"
        " pages_out_total swap_pages_in_total swap_pages_out_total")),
    Structure(2005, "host_disk_io", 52, (
        *_laid_out(0, _HOST, "disk_size_bytes:8 disk_free_bytes:8"),
        Field(16, WORD, _HOST + "disk_fullest_partition_ratio", GAUGE, 1e-4),
        *_laid_out(20, _HOST, "disk_reads_total disk_read_bytes_total:8"),
        Field(32, WORD, _HOST + "disk_read_seconds_total", COUNTER, _MILLI),
        *_laid_out(36, _HOST, "disk_writes_total disk_written_bytes_total:8"),
        Field(48, WORD, _HOST + "disk_write_seconds_total", COUNTER, _MILLI),
    )),
    Structure(2006, "host_net_io", 40, _laid_out(0, _HOST,
        "network_in_bytes_total:8 network_in_packets_total network_in_errors_total"
        " network_in_drops_total network_out_bytes_total:8 network_out_packets_total"
        " network_out_errors_total network_out_drops_total")),
    Structure(2007, "mib2_ip_group", 76, _laid_out(0, _HOST + "ip_",
        "forwarding default_ttl in_receives_total in_header_errors_total in_address_errors_total"
        " forwarded_datagrams_total in_unknown_protocols_total in_discards_total"
        " in_delivers_total out_requests_total out_discards_total out_no_routes_total"
        " reassembly_timeout_seconds reassembly_required_total reassembly_ok_total"
        " reassembly_fails_total fragment_ok_total fragment_fails_total fragments_total")),
    Structure(2008, "mib2_icmp_group", 100, _laid_out(0, _HOST + "icmp_",
        "in_messages_total in_errors_total in_destination_unreachables_total"
        " in_time_exceededs_total in_parameter_problems_total in_source_quenches_total"
        " in_redirects_total in_echos_total in_echo_replies_total in_timestamps_total"
        " in_address_masks_total in_address_mask_replies_total out_messages_total"
        " out_errors_total out_destination_unreachables_total out_time_exceededs_total"
        " out_parameter_problems_total out_source_quenches_total out_redirects_total"
        " out_echos_total out_echo_replies_total out_timestamps_total"
        " out_timestamp_replies_total out_address_masks_total"
        " out_address_mask_replies_total")),
    Structure(2009, "mib2_tcp_group", 60, _laid_out(0, _HOST + "tcp_",
        "- - - - active_opens_total passive_opens_total attempt_fails_total"
        " established_resets_total established in_segments_total out_segments_total"
        " retransmitted_segments_total in_errors_total out_resets_total"
        " in_checksum_errors_total")),
    Structure(2010, "mib2_udp_group", 28, _laid_out(0, _HOST + "udp_",
        "in_datagrams_total no_ports_total in_errors_total out_datagrams_total"
        " receive_buffer_errors_total send_buffer_errors_total in_checksum_errors_total")),
    Structure(2100, "virt_node", 28, (
        Field(0, WORD, _VIRTUAL + "node_cpu_frequency_hertz", GAUGE, 1e6),
        *_laid_out(4, _VIRTUAL,
            "node_cpus node_memory_bytes:8 node_memory_free_bytes:8 node_domains"),
    )),
    Structure(2101, "virt_cpu", 12, (
        Field(0, WORD, _VIRTUAL + "state", GAUGE),
        Field(4, WORD, _VIRTUAL + "cpu_seconds_total", COUNTER, _MILLI),
        Field(8, WORD, _VIRTUAL + "cpus", GAUGE),
    )),
    Structure(2102, "virt_memory", 16, _laid_out(0, _VIRTUAL,
        "memory_bytes:8 memory_max_bytes:8")),
    Structure(2103, "virt_disk_io", 52, _laid_out(0, _VIRTUAL,
        "disk_capacity_bytes:8 disk_allocation_bytes:8 disk_available_bytes:8"
        " disk_reads_total disk_read_bytes_total:8 disk_writes_total disk_written_bytes_total:8"
        " disk_errors_total")),
    Structure(2104, "virt_net_io", 40, _laid_out(0, _VIRTUAL,
        "network_in_bytes_total:8 network_in_packets_total network_in_errors_total"
        " network_in_drops_total network_out_bytes_total:8 network_out_packets_total"
        " network_out_errors_total network_out_drops_total")),
    Structure(2105, "jvm_runtime", 12, (Field(0, ONE, "sflow_jvm_info", GAUGE),), WHOLE_RECORD),
    Structure(2106, "jmx_runtime", 108, (
        *_laid_out(0, "sflow_jvm_",
            "heap_initial_bytes:8 heap_used_bytes:8 heap_committed_bytes:8 heap_max_bytes:8"
            " non_heap_initial_bytes:8 non_heap_used_bytes:8 non_heap_committed_bytes:8"
            " non_heap_max_bytes:8 collections_total"),
        Field(68, WORD, "sflow_jvm_collection_seconds_total", COUNTER, _MILLI),
        *_laid_out(72, "sflow_jvm_", "classes_loaded classes_total classes_unloaded_total"),
        Field(84, WORD, "sflow_jvm_compilation_seconds_total", COUNTER, _MILLI),
        *_laid_out(88, "sflow_jvm_",
            "threads_live threads_daemon threads_started_total open_files max_files"),
    )),
    Structure(2201, "http_counters", 60, (
        *_modes(0, "sflow_http_requests_total", "method",
                "option get head post put delete trace connect other", kind=COUNTER, scale=1.0),
        *_modes(36, "sflow_http_responses_total", "status", "1xx 2xx 3xx 4xx 5xx other",
                kind=COUNTER, scale=1.0),
    )),
    Structure(2202, "app_operations", 48, _modes(0, "sflow_app_operations_total", "status",
        "success other timeout internal_error bad_request forbidden too_large not_implemented"
        " not_found unavailable unauthorized", kind=COUNTER, scale=1.0),
        FIRST_STRING, "application"),
    Structure(2203, "app_resources", 40, (
        *_modes(0, "sflow_app_cpu_seconds_total", "mode", "user system", kind=COUNTER,
                scale=_MILLI),
        *_laid_out(8, "sflow_app_",
            "memory_used_bytes:8 memory_max_bytes:8 open_files max_files open_connections"
            " max_connections"),
    )),
    Structure(2204, "memcache_counters", 140, _laid_out(0, "sflow_memcache_",
        "sets_total touches_total flushes_total get_hits_total get_misses_total"
        " delete_hits_total delete_misses_total increment_hits_total increment_misses_total"
        " decrement_hits_total decrement_misses_total cas_hits_total cas_misses_total"
        " cas_bad_values_total authentications_total authentication_errors_total threads"
        " connection_yields_total listen_disabled_total current_connections"
        " rejected_connections_total connections_total connection_structures evictions_total"
        " reclaimed_total current_items items_total read_bytes_total:8 written_bytes_total:8"
        " used_bytes:8 max_bytes:8")),
    Structure(2205, "vdi_counters", 92, (
        *_laid_out(0, "sflow_vdi_", "current_sessions sessions_total"
            " session_seconds_total in_bytes_total out_bytes_total in_packets_total"
            " out_packets_total in_packets_lost_total out_packets_lost_total"),
        *_modes(36, "sflow_vdi_round_trip_seconds", "of", "min max avg", kind=GAUGE, scale=_MILLI),
        *_laid_out(48, "sflow_vdi_", "audio_in_bytes_total audio_out_bytes_total"
            " audio_out_limit_bits_per_second image_in_bytes_total image_out_bytes_total"
            " image_frames_total"),
        *_modes(72, "sflow_vdi_image_quality", "of", "min max avg", kind=GAUGE, scale=1.0),
        *_laid_out(84, "sflow_vdi_", "usb_in_bytes_total usb_out_bytes_total"),
    )),
    Structure(2206, "app_workers", 20, _laid_out(0, "sflow_app_",
        "workers_active workers_idle workers_max requests_delayed_total requests_dropped_total")),
    Structure(2207, "ovs_dp_stats", 24, _laid_out(0, "sflow_ovs_",
        "hits_total misses_total lost_total mask_hits_total flows masks")),
    Structure(3000, "energy", 24, (
        Field(0, WORD, "sflow_energy_volts", GAUGE, _MILLI),
        Field(4, WORD, "sflow_energy_amperes", GAUGE, _MILLI),
        Field(8, WORD, "sflow_energy_watts", GAUGE, _MILLI),
        Field(12, SIGNED, "sflow_energy_power_factor_ratio", GAUGE, 1e-2),
        Field(16, WORD, "sflow_energy_joules_total", COUNTER, _MILLI),
        Field(20, WORD, "sflow_energy_errors_total", COUNTER),
    )),
    Structure((4413 << 12) + 1, "bst_device_buffers", 8, _modes(0,
        "sflow_asic_buffers_used_ratio", "cast", "unicast multicast", kind=GAUGE, scale=1e-4)),
    Structure((4413 << 12) + 2, "bst_port_buffers", 24, (
        *_modes(0, "sflow_asic_ingress_buffers_used_ratio", "cast", "unicast multicast",
                kind=GAUGE, scale=1e-4),
        *_modes(8, "sflow_asic_egress_buffers_used_ratio", "cast", "unicast multicast",
                kind=GAUGE, scale=1e-4),
    ), lists=(
        Structure((4413 << 12) + 2, "bst_port_buffers unicast", 4, _modes(0,
            "sflow_asic_queue_buffers_used_ratio", "cast", "unicast", kind=GAUGE, scale=1e-4),
            POSITION, "queue"),
        Structure((4413 << 12) + 2, "bst_port_buffers multicast", 4, _modes(0,
            "sflow_asic_queue_buffers_used_ratio", "cast", "multicast", kind=GAUGE, scale=1e-4),
            POSITION, "queue"),
    )),
    Structure((4413 << 12) + 3, "bcm_tables", 144, _laid_out(0, "sflow_asic_",
        "host_entries host_entries_max ipv4_entries ipv4_entries_max ipv6_entries"
        " ipv6_entries_max ipv4_ipv6_entries ipv4_ipv6_entries_max long_ipv6_entries"
        " long_ipv6_entries_max total_routes total_routes_max ecmp_nexthops ecmp_nexthops_max"
        " mac_entries mac_entries_max ipv4_neighbors ipv6_neighbors ipv4_routes ipv6_routes"
        " acl_ingress_entries acl_ingress_entries_max acl_ingress_counters"
        " acl_ingress_counters_max acl_ingress_meters acl_ingress_meters_max"
        " acl_ingress_slices acl_ingress_slices_max acl_egress_entries acl_egress_entries_max"
        " acl_egress_counters acl_egress_counters_max acl_egress_meters acl_egress_meters_max"
        " acl_egress_slices acl_egress_slices_max")),
    Structure((5703 << 12) + 1, "gpu_nvml", 48, (
        *_laid_out(0, "sflow_gpu_", "devices processes"),
        Field(8, WORD, "sflow_gpu_busy_seconds_total", COUNTER, _MILLI),
        Field(12, WORD, "sflow_gpu_memory_busy_seconds_total", COUNTER, _MILLI),
        *_laid_out(16, "sflow_gpu_", "memory_bytes:8 memory_free_bytes:8 ecc_errors_total"),
        Field(36, WORD, "sflow_gpu_energy_joules_total", COUNTER, _MILLI),
        *_laid_out(40, "sflow_gpu_", "temperature_celsius fan_speed_percent"),
    )),
)  # fmt: skip
STRUCTURES: Final = tuple(s for record in _RECORDS for s in (record, *record.lists))
"""Every structure that is read, in order of their formats; items of lists follow their own."""
