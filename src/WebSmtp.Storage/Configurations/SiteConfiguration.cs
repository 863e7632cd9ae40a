using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;
using WebSmtp.Mta.Accounts;
using WebSmtp.Mta.Sites;

namespace WebSmtp.Storage.Configurations;

sealed class SiteConfiguration : IEntityTypeConfiguration<Site>
{
    public void Configure(EntityTypeBuilder<Site> builder)
    {
        builder.ToTable("Sites");
        builder.Property(s => s.Id).ValueGeneratedNever();
        builder.Property(s => s.Name).HasMaxLength(256);
        builder.Property(s => s.Fqdn).HasMaxLength(255);
        builder.Property(s => s.StateBy).HasMaxLength(256);
        builder.Property(s => s.Endpoints).StoredAsJson();
        builder.Property(s => s.Version).IsConcurrencyToken();
        builder.HasMany(s => s.Domains).WithOne().HasForeignKey(d => d.SiteId).OnDelete(DeleteBehavior.Cascade);
        builder.HasMany(s => s.EtrnNames).WithOne().HasForeignKey(n => n.SiteId).OnDelete(DeleteBehavior.Cascade);
    }
}

sealed class MailDomainConfiguration : IEntityTypeConfiguration<MailDomain>
{
    public void Configure(EntityTypeBuilder<MailDomain> builder)
    {
        builder.ToTable("Domains");
        builder.HasKey(d => new { d.SiteId, d.Name });
        builder.Property(d => d.Name).HasMaxLength(255);
        builder.Property(d => d.Route).StoredAsJson();
        builder.Property(d => d.Version).IsConcurrencyToken();
        builder.HasMany(d => d.TurnMappings).WithOne().HasForeignKey(t => new { t.SiteId, t.Domain }).OnDelete(DeleteBehavior.Cascade);
    }
}

sealed class TurnMappingConfiguration : IEntityTypeConfiguration<TurnMapping>
{
    public void Configure(EntityTypeBuilder<TurnMapping> builder)
    {
        builder.ToTable("TurnMappings");
        builder.HasKey(t => new { t.SiteId, t.Domain, t.AccountId });
        builder.HasOne<Account>().WithMany().HasForeignKey(t => t.AccountId).OnDelete(DeleteBehavior.Restrict);
    }
}

sealed class EtrnNameConfiguration : IEntityTypeConfiguration<EtrnName>
{
    public void Configure(EntityTypeBuilder<EtrnName> builder)
    {
        builder.ToTable("EtrnNames");
        builder.HasKey(n => new { n.SiteId, n.Name });
        builder.Property(n => n.Name).HasMaxLength(255);
        builder.Property(n => n.Domains).StoredAsJson();
        builder.Property(n => n.Version).IsConcurrencyToken();
    }
}

sealed class ServiceStateConfiguration : IEntityTypeConfiguration<ServiceState>
{
    public void Configure(EntityTypeBuilder<ServiceState> builder)
    {
        builder.ToTable("ServiceState");
        builder.HasKey(s => s.Name);
        builder.Property(s => s.Name).HasMaxLength(64);
    }
}
